"""The command line: each command is a dataclass that calls one function below."""
