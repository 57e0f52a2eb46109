"""Safety: what language models are put through, who judges it, and what is measured, with the judges' own errors."""
