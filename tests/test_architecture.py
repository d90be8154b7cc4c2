"""What keeps the tree readable: who may import whom, which words we use, how long things are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SERVICE = ROOT / "service"

# Imports point down only: a part may import what stands in a line above its own, and itself.
LAYERS = (
    {"errors", "ids", "clock", "wire", "coalescing"},
    {"config", "logs", "invoicing", "sync"},
    {"hubspot", "quickbooks", "store"},  # three strangers
    {"engine", "stores", "actions"},
    {"workflows", "web"},  # never each other
    # Above the workflows and not below, as design.md has it: it puts their `Services` together.
    {"wiring"},
    {"app", "worker", "demo"},
    {"commands"},
    {"cli", "wsgi"},
    {"__main__"},
)
RANK = {part: number for number, layer in enumerate(LAYERS) for part in layer}

# Who may import what besides us; everything not named here is anybody's.
ONLY_IN = {
    "flask": {"web", "app", "sandbox"},
    "werkzeug": {"web", "sandbox"},
    # gunicorn hands half-sent requests to a thread: the worker class that waits for them is ours.
    "gunicorn": {"web", "sandbox"},
    "dbos": {"engine"},
    "hubspot": {"hubspot"},
    "intuitlib": {"quickbooks"},
    "quickbooks": {"quickbooks"},
    # intuit-oauth speaks through it; the demo is a program of its own that looks at processes from outside.
    "requests": {"quickbooks", "demo", "sandbox"},
    "urllib3": {"wire", "hubspot", "quickbooks"},
    "alembic": {"store"},
    "cryptography": {"store"},
    # `doctor` says which SQLite this is; the demo lets a week pass in a row of its own database.
    "sqlite3": {"store", "commands", "demo"},
    "dotenv": {"config"},
}
# The sandbox is a program of its own with three settings; the demo hands its own environment on to what it starts.
READS_ENVIRONMENT = {"service/config.py", "service/sandbox/serve.py", "service/demo/processes.py"}

LONGEST_FILE, LONGEST_FUNCTION = 400, 60
FORBIDDEN_MODULES = {"utils", "util", "helpers", "helper", "common", "base", "core", "manager", "handler", "handlers"}

# style.md's "never" column, as far as a word alone can tell. Not here, because they are right in another place:
# company, order, event, request, record, entity, target, callback, webhook, notification, lock, reference, link,
# copy, step, pause, block, tag, user.
NEVER = frozenset(
    re.findall(
        r"\w+",
        """account hub tenant org integration install extension client bill payload dto etag credentials intent
        outbox idempotency idempotent nonce resolve suspend replica admin util utils helper helpers manager handler
        cfg ctx req resp msg conn idx tmp cust inv amt qty desc env repo obj""",
    )
)
# What a vendor, a library or a fixed interface calls so; the identifier, as a regular expression: why.
ALLOWED = {
    r"(?i).*hubspot.*": "the vendor's name",
    r".*(income_?account|IncomeAccount|account_id|describe_account).*|accounts?|_?ACCOUNTS?": "QuickBooks' Account",
    r"(account_details|AccountDetails|_account_details|ACCOUNT_DETAILS|ACCOUNT_INFO.*)": "HubSpot's account-info API",
    r".*client_(id|secret|secrets)|.*_CLIENT_(ID|SECRET)": "OAuth's client id and client secret",
    r"(api_|rest_|_)?client|_?(Intuit)?Client": "the vendors' packages and DBOS call it so",
    r".*(bill_to|BillTo|bill_email|bill_addr).*": "QuickBooks' BillEmail and BillAddr; our input 'Bill to'",
    r"admin_password": "ADMIN_PASSWORD is in the fixed interface",
    r"_?NONCE|nonce": "AES-GCM's nonce",
    r"_?credentials?|Credentials|.*_credentials?": "an access and a refresh token together, with when they end",
    r"conn|trust_env|env": "gunicorn's, requests' and Alembic's name",
}
# Text and documents: words that have no second meaning here.
NEVER_WRITTEN = ("tenant", "payload", "dto", "etag", "idempotency", "idempotent", "outbox", "replica", "utils")
WRITTEN_ANYWAY = {
    # What the sandbox's workflows would have sent: its own control.
    ("service/sandbox/hubspot/world_controls.py", "outbox"),
    ("service/sandbox/hubspot/state.py", "outbox"),
    ("service/demo/life.py", "outbox"),
    ("service/quickbooks/limits.py", "utils"),  # Python's email.utils
}


@dataclass(frozen=True)
class Module:
    """One file of the service, read once."""

    path: Path

    @property
    def name(self) -> str:
        """Its path from the checkout."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def part(self) -> str:
        """The folder or module directly below `service`."""
        return self.path.relative_to(SERVICE).parts[0].removesuffix(".py")

    @property
    def tree(self) -> ast.Module:
        return parsed(self.path)

    def imports(self) -> Iterator[str]:
        """Every module it imports, also inside functions and for types only."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.name}:{node.lineno}: say the whole name"
                if node.module == "service":
                    yield from (f"service.{alias.name}" for alias in node.names)
                else:
                    yield str(node.module)


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def modules() -> tuple[Module, ...]:
    return tuple(Module(path) for path in sorted(SERVICE.rglob("*.py")))


def python_files(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def test_every_part_of_the_service_has_its_place() -> None:
    parts = {module.part for module in modules()} - {"__init__", "sandbox"}
    assert parts - set(RANK) == set(), "give a new part its layer"


def test_imports_point_down_only() -> None:
    wrong = []
    for module in modules():
        if module.part in ("sandbox", "__init__"):
            continue
        for name in module.imports():
            if not name.startswith("service."):
                continue
            other = name.split(".")[1]
            if other in (module.part, "sandbox"):
                continue
            if RANK[other] >= RANK[module.part]:
                wrong.append(f"{module.name} imports {name}")
    assert wrong == []


def test_the_sandbox_stands_alone() -> None:
    for module in modules():
        ours = {name for name in module.imports() if name.startswith("service.")}
        if module.part == "sandbox":
            assert all(name.startswith("service.sandbox") for name in ours), module.name
        elif module.name != "service/commands/processes.py":  # `python -m service sandbox` runs it
            assert not any(name.startswith("service.sandbox") for name in ours), module.name


def test_the_demo_looks_from_outside() -> None:
    for module in modules():
        if module.part == "demo":
            assert all(name.startswith("service.demo") for name in module.imports() if name.startswith("service"))


def test_libraries_stay_where_they_belong() -> None:
    wrong = [
        f"{module.name} imports {name}"
        for module in modules()
        for name in module.imports()
        if module.part not in ONLY_IN.get(name.split(".")[0], {module.part})
    ]
    assert wrong == []


def test_the_middle_is_pure() -> None:
    """What we mean knows no clock, no wire, no rows."""
    for module in modules():
        if module.part in ("invoicing", "sync"):
            for name in module.imports():
                top = name.split(".")[0]
                assert top not in ("time", "os", "threading", "sqlalchemy", "urllib3", "logging", "random"), (
                    f"{module.name} imports {name}"
                )


def test_the_environment_is_read_in_one_place() -> None:
    found = set()
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and node.attr in ("environ", "environb", "getenv", "putenv"):
                # A request's `environ` is WSGI's.
                if isinstance(node.value, ast.Name) and node.value.id == "os":
                    found.add(module.name)
            elif isinstance(node, ast.ImportFrom) and node.module == "os":
                assert not {"environ", "getenv"} & {alias.name for alias in node.names}, module.name
    assert found <= READS_ENVIRONMENT


def test_errors_are_caught_in_three_places() -> None:
    """`except Exception`: where everything ends, and where an error is handed to whom it belongs."""
    allowed = {
        "service/cli.py",
        "service/engine/chores.py",  # a chore that fails must not end the others
        "service/engine/rounds.py",  # the same
        "service/engine/starter.py",  # the same
        "service/coalescing.py",  # hands the call's error to everybody who asked
        "service/store/database.py",  # rolls back and raises
        "service/store/intake.py",  # hands a row's error to its own callback
        "service/web/raw.py",  # every WSGI server has errors of its own for a broken body
        "service/workflows/run_callback.py",
        "service/workflows/work_hints.py",  # the same for hints
        "service/workflows/refresh_options.py",
        "service/workflows/refresh_tokens.py",
    }
    found = set()
    for module in modules():
        if module.part in ("sandbox", "demo"):
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ExceptHandler):
                caught = ast.unparse(node.type) if node.type else "BaseException"
                if re.search(r"\b(Base)?Exception\b", caught):
                    found.add(module.name)
    assert found - allowed == set()


# --- words


def split(identifier: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", identifier)]


def identifiers(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every name this file gives to something, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr, node.lineno


def singular(word: str) -> str:
    return word[:-1] if word.endswith("s") and word not in NEVER else word


def test_names_use_our_words() -> None:
    """The sandbox plays the vendors and has their words."""
    wrong = []
    for module in modules():
        if module.part == "sandbox":
            continue
        for name, line in identifiers(module.tree):
            bad = [word for word in split(name) if word in NEVER or singular(word) in NEVER]
            if bad and not any(re.fullmatch(pattern, name) for pattern in ALLOWED):
                wrong.append(f"{module.name}:{line}: {name}")
    assert wrong == []


def test_every_allowance_is_needed() -> None:
    names = {name for module in modules() if module.part != "sandbox" for name, _ in identifiers(module.tree)}
    unused = [pattern for pattern in ALLOWED if not any(re.fullmatch(pattern, name) for name in names)]
    assert unused == []


def test_texts_and_documents_use_our_words() -> None:
    pattern = re.compile(rf"\b({'|'.join(NEVER_WRITTEN)})s?\b", re.IGNORECASE)
    wrong = []
    documents = [path for name in ("README.md", "CHANGELOG.md") if (path := ROOT / name).exists()]
    for path in [*documents, *(module.path for module in modules())]:
        name = path.relative_to(ROOT).as_posix()
        for number, line in enumerate(path.read_text().splitlines(), 1):
            wrong += [
                f"{name}:{number}: {found[0]}"
                for found in pattern.finditer(line)
                if (name, found[1].lower()) not in WRITTEN_ANYWAY
            ]
    assert wrong == []


# --- sizes and shapes


def test_files_are_short() -> None:
    long = {module.name: len(module.path.read_text().splitlines()) for module in modules()}
    assert {name: lines for name, lines in long.items() if lines > LONGEST_FILE} == {}


def test_functions_are_short() -> None:
    long = [
        f"{module.name}:{node.lineno}: {node.name} has {int(node.end_lineno or 0) - node.lineno + 1} lines"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and int(node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
        and "migrations" not in module.path.parts  # a table is one statement
        and not holds_routes(node)
    ]
    assert long == []


def holds_routes(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Flask's way: one function declares the handlers of a blueprint, each of them short."""
    inner = [each for each in function.body if isinstance(each, ast.FunctionDef)]
    return len(inner) > 1 and all(int(each.end_lineno or 0) - each.lineno < LONGEST_FUNCTION for each in inner)


def test_modules_say_what_they_are_about() -> None:
    for module in modules():
        said = ast.get_docstring(module.tree) or ""
        assert said, f"{module.name} has no docstring"
        assert len(said.splitlines()[0]) <= 120, module.name


def test_public_things_say_what_they_do() -> None:
    """Errors say it by their names; a frozen shape's fields and a protocol's private parts need no words."""
    mute = []
    for module in modules():
        if module.part in ("sandbox", "errors") or "migrations" in module.path.parts:
            continue
        for node in module.tree.body:
            public = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
            if public and not ast.get_docstring(node):
                mute.append(f"{module.name}:{node.lineno}: {node.name}")
    assert mute == []


@pytest.mark.parametrize("folder", ["service", "tests"])
def test_no_module_is_named_after_nothing(folder: str) -> None:
    names = {path.stem for path in (ROOT / folder).rglob("*.py")}
    names |= {path.name for path in (ROOT / folder).rglob("*") if path.is_dir()}
    assert names & FORBIDDEN_MODULES == set()


def test_nothing_is_left_to_be_done() -> None:
    pattern = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|HA" + r"CK)\b")
    for path in python_files("service", "tests"):
        found = pattern.search(path.read_text())
        assert found is None, f"{path.relative_to(ROOT)}: {found}"


def test_tests_use_fakes_and_no_mocks() -> None:
    forbidden = re.compile(
        "unittest" + r"\.mock|from unittes" + r"t import|patch\.(set|del)(attr|item)\(|Magic" + "Mock"
    )
    for path in python_files("tests"):
        found = forbidden.search(path.read_text())
        assert found is None, f"{path.relative_to(ROOT)}: {found}"


def test_test_modules_have_names_of_their_own() -> None:
    """Folders without __init__.py share one namespace: two equal names hide each other."""
    seen: dict[str, Path] = {}
    for path in python_files("tests"):
        if not path.stem.startswith("test_"):
            continue
        assert path.stem not in seen, f"{path} and {seen[path.stem]}"
        seen[path.stem] = path


def test_nothing_is_run_when_a_module_is_imported() -> None:
    """Code that is built at import time cannot be tested; gunicorn's two entries must be."""
    allowed = {"service/wsgi.py", "service/__main__.py", "service/web/server.py", "service/store/migrations/env.py"}
    for module in modules():
        if module.name in allowed or module.part == "sandbox":
            continue
        for node in module.tree.body:
            assert not isinstance(node, ast.For | ast.While | ast.With | ast.Try), f"{module.name}:{node.lineno}"
            if isinstance(node, ast.Expr):
                assert isinstance(node.value, ast.Constant), f"{module.name}:{node.lineno}"


def test_vendor_rules_name_their_source() -> None:
    """Every file of a vendor's folder that knows codes or limits links to the vendor's page."""
    for name in ("hubspot/signature", "hubspot/limits", "hubspot/faults", "quickbooks/limits", "quickbooks/faults"):
        assert "https://develop" in (SERVICE / f"{name}.py").read_text(), name
