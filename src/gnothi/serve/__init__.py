"""Pages and servers for this machine, on the standard library alone: a thin layer of HTTP over classes that know none.

`label_session.py` is what a page of labelling knows and does, `label_page.py` puts it on 127.0.0.1, and
`label_page.html` is what a person sees of it.
"""

from gnothi.serve.label_page import LabelServer
from gnothi.serve.label_session import LabelSession, LabelStatus, NotAsked

__all__ = ["LabelServer", "LabelSession", "LabelStatus", "NotAsked"]
