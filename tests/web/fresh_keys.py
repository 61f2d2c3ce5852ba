"""A hook for schemathesis: each request has an Idempotency-Key of its own.

That one key means one request is a rule that no schema can say; what is sent under a key that is
no key at all stays as it was made.
"""

import re
from typing import Any
from uuid import uuid4

import schemathesis

KEY = "Idempotency-Key"


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Give a good key a new value."""
    if re.fullmatch(r"[\x21-\x7e]{1,255}", str((case.headers or {}).get(KEY, " "))):
        case.headers[KEY] = str(uuid4())
