"""What a schema cannot say: which names exist, and what makes a claim add up.

Valid requests get names of the world that dev/fuzz/world.ts made, so that they come further than to a 404. Invalid ones stay as they were
generated, except that nothing may ever be sent to an address outside of this machine.
"""

import base64
import json
import os
import random
import re

import schemathesis
from schemathesis import GenerationMode
from schemathesis.generation.meta import TestPhase

with open(os.environ["DAOZHANG_FUZZ_WORLD"], encoding="utf-8") as file:
    WORLD = json.load(file)

# What a request that fits the schema may be told all the same, by status and code.
EXPECTED = {
    # asked for where it matters, and made by the list before
    (400, "ACTOR_REQUIRED"),
    (400, "CURSOR_INVALID"),
    (415, "DOCUMENT_TYPE_REFUSED"),
    # the worker has more to do than it can in ten seconds
    (504, "UPDATE_PENDING"),
}


@schemathesis.hook
def before_call(context, case, kwargs):
    stay_on_this_machine(case)
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    # what was made a step before goes by the name that it got
    linked = case.meta.phase.name == TestPhase.STATEFUL
    # chosen by the request itself: the same one, sent again, is the same one
    chance = random.Random(repr((case.method, case.path, case.path_parameters, case.query, case.body, dict(case.headers))))
    name_what_exists(case, chance, linked)
    if isinstance(case.body, dict) and case.media_type == "application/json":
        fill_body(case, chance)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    if type(failure).__name__ not in ("RejectedPositiveData", "ServerError"):
        return True
    try:
        code = response.json().get("code")
    except (ValueError, AttributeError):
        return True
    # a claim that was taken in this moment has no workflow to ask yet
    expected = EXPECTED | {(503, "TEMPORAL_UNAVAILABLE")} if case.path.endswith("/live") else EXPECTED
    return (response.status_code, code) not in expected


def stay_on_this_machine(case):
    body = case.body
    # "https:example.com" is a URL to some and none to others: whatever might be one is replaced
    if isinstance(body, dict) and isinstance(body.get("url"), str) and ":" in body["url"]:
        case.body = {**body, "url": WORLD["webhookUrl"]}


def name_what_exists(case, chance, linked):
    sacrificed = case.method in ("PATCH", "PUT", "DELETE")
    known = {
        "number": WORLD["claims"],
        "id": WORLD["tasks"] if "/tasks/" in case.path else WORLD["documents"],
        "employeeNo": WORLD["sparePeople"] if sacrificed else WORLD["people"],
        "scope": WORLD["spareUnits"],
        "code": WORLD["bureaus"] if "/bureaus/" in case.path else WORLD["spareUnits"] if sacrificed else WORLD["units"],
    }
    for name in case.path_parameters or {}:
        if name in known and not linked and chance.random() < 0.9:
            case.path_parameters[name] = chance.choice(known[name])
    asked = {"unitCode": WORLD["units"], "employeeNo": WORLD["people"], "claimNumber": WORLD["claims"]}
    for name, values in asked.items():
        if name in (case.query or {}) and chance.random() < 0.7:
            case.query[name] = chance.choice(values)
    for name in ("submittedFrom", "submittedTo"):
        if name in (case.query or {}):
            # years that the schema knows and the database does not
            case.query[name] = chance.choice(["2026-11-18T01:30:00Z", "1999-12-31T23:59:59.999+14:00", "9999-01-01T00:00:00-12:00"])
    if linked:
        case.headers.pop("daozhang-actor", None)
    if "daozhang-actor" in case.headers or "/decision" in case.path or case.path.endswith(("/hold", "/release", "/reversal", "/withdraw", "/appeal")):
        case.headers["daozhang-actor"] = WORLD["actors"][0] if chance.random() < 0.6 else chance.choice(WORLD["actors"])
    if "idempotency-key" in case.headers and chance.random() < 0.9:
        case.headers["idempotency-key"] = f"fuzz-{chance.getrandbits(64):x}"
    if "upload-metadata" in case.headers:
        # a schema cannot see into Base64, nor that one of the pairs is the name
        name = base64.b64encode(f"fuzz-{chance.getrandbits(32):x}.pdf".encode()).decode()
        case.headers["upload-metadata"] = f"filename {name},filetype YXBwbGljYXRpb24vcGRm"
    if "if-match" in case.headers and chance.random() < 0.8:
        case.headers["if-match"] = chance.choice(['"1"', '"1"', '"2"', '"3"'])


def fill_body(case, chance):
    body = of_this_age(without_blanks(case.body))
    sacrificed = case.method in ("PATCH", "PUT")
    if "employeeNo" in body and case.path != "/v1/employees":
        body["employeeNo"] = chance.choice(WORLD["people"])
    if "unitCode" in body:
        body["unitCode"] = chance.choice(WORLD["spareUnits"] if sacrificed else WORLD["units"])
    if "parentCode" in body:
        body["parentCode"] = chance.choice(WORLD["spareUnits"])
    if body.get("scope") is not None:
        body["scope"] = chance.choice(WORLD["spareUnits"])
    for role in body.get("roles") or []:
        role["unitCode"] = chance.choice(WORLD["spareUnits"])
    if "holderName" in body:
        body["holderName"] = WORLD["spareName"]
    if "choice" in body:
        if chance.random() < 0.7:
            body.pop("written", None)
        # what goes with another choice than these
        for name in ("to", "people", "step", "mode"):
            body.pop(name, None)
        body["choice"] = "RECORD_DECISION" if "written" in body else chance.choice(["APPROVE", "REFUSE", "RETURN", "CONFIRM"])
    for item in body.get("items") or []:
        item.update(taskId=chance.choice(WORLD["tasks"]), version=1, choice=chance.choice(["APPROVE", "REFUSE", "RETURN"]))
    if "items" in body:
        body["items"] = list({item["taskId"]: item for item in body["items"]}.values())
    if "documents" in body:
        ids = chance.sample(WORLD["documents"], min(len(body["documents"]), len(WORLD["documents"])))
        body["documents"] = [{**document, "documentId": each} if isinstance(document, dict) else document for document, each in zip(body["documents"], ids)]
    # what is signed on paper is HR's to record, and needs a document of the person
    body.pop("paper", None)
    if "validTo" in body:
        body.pop("validFrom", None)
        body["validTo"] = "2099-01-01T00:00:00Z"
    if case.path == "/v1/inspection-packs":
        if chance.random() < 0.5:
            body["claimNumber"] = chance.choice(WORLD["claims"])
            for name in ("unitCode", "from", "to"):
                body.pop(name, None)
        else:
            body["unitCode"] = chance.choice(WORLD["units"])
            for name in ("claimNumber", "to"):
                body.pop(name, None)
    if case.path.endswith("/approval-flows"):
        body.pop("ends", None)
        if not body.get("steps"):
            body["ends"] = True
        body.pop("minAmount", None)
        for step in body.get("steps") or []:
            step["mode"] = "any"
    if case.path.endswith("/estimates") and isinstance(body.get("hospital"), dict) and not {"code", "name"} & body["hospital"].keys():
        # one of the three says where it was
        body["hospital"].setdefault("grade", "3")
    if "lines" in body and "invoices" in body:
        make_claim_add_up(body, chance)
    case.body = body


DAY = re.compile(r"^(\d{4})-\d\d-\d\d(T.*)?$")


@schemathesis.serializer("application/offset+octet-stream")
def piece_of_a_file(context, value):
    return value if isinstance(value, bytes) else b"%PDF-1.7"


def of_this_age(node):
    """A year 400 is a date to the schema and to nobody here, and no clock is fifteen hours off."""
    if isinstance(node, dict):
        return {name: of_this_age(value) for name, value in node.items()}
    if isinstance(node, list):
        return [of_this_age(value) for value in node]
    found = DAY.match(node) if isinstance(node, str) else None
    if found is None:
        return node
    if found[2]:
        return "2026-11-18T01:30:00Z"
    return node if found[1] >= "1900" else "2026-01-09"


def without_blanks(node):
    """Texts are trimmed before they are measured, which no schema can say."""
    if isinstance(node, dict):
        return {name: without_blanks(value) for name, value in node.items()}
    if isinstance(node, list):
        return [without_blanks(value) for value in node]
    return "x" if isinstance(node, str) and node and not node.strip() else node


def make_claim_add_up(body, chance):
    body["visit"].update(start="2026-01-05", end="2026-01-09")
    for invoice in body["invoices"]:
        invoice.update(code="11010126", number=f"{chance.randrange(10**9):010}", issuedOn="2026-01-09", type="1")
        if set(invoice["amount"]) <= {"0", "."}:
            invoice["amount"] = "1.00"
    total = sum(fen(invoice["amount"]) for invoice in body["invoices"])
    first, *rest = body["lines"]
    for line in rest:
        line["amount"] = "0.00"
    # one line cannot hold what fifty invoices may come to
    parts = [first, *rest]
    for line in parts:
        part = min(total, 999_999_999_999)
        line["amount"] = f"{part // 100}.{part % 100:02}"
        total -= part


def fen(yuan):
    whole, _, cents = yuan.partition(".")
    return int(whole) * 100 + int(cents.ljust(2, "0") or "0")
