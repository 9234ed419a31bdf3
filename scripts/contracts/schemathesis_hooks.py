"""What a generator of valid requests cannot learn from the OpenAPI documents."""

import base64
import json
import random
import uuid

import schemathesis
from schemathesis import GenerationMode


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    # A key stands for one order; a second order with it is refused, as it should be.
    if "Idempotency-Key" in (case.headers or {}):
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
    # A cursor is opaque: the ones that are accepted are those that a list has returned.
    if "cursor" in (case.query or {}):
        field = "id" if case.path.startswith("/admin") else "seq"
        place = {field: random.choice([1, 10, 10**12])}
        if case.path == "/api/notifications":
            place["channel"] = random.choice(["EMAIL", "SMS", "PUSH"])
        text = json.dumps(place)
        case.query["cursor"] = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    case.body = without_prototypes(case.body)


def without_prototypes(value):
    """The services refuse "__proto__" as a key, however deep."""
    if isinstance(value, dict):
        return {key: without_prototypes(v) for key, v in value.items() if key != "__proto__"}
    if isinstance(value, list):
        return [without_prototypes(item) for item in value]
    return value
