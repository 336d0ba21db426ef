"""Programs that read functions and call them by what they read: pydantic, FastAPI, editors."""

from __future__ import annotations

import inspect

import komparu
from children import run
from komparu import aio


def test_pydantic_validates_the_arguments_of_everything() -> None:
    code = """
import asyncio, inspect
from pydantic import TypeAdapter, ValidationError, validate_call
from komparu import aio
for module in (komparu, aio):
    for name in module.__all__:
        if inspect.isfunction(function := getattr(module, name)):
            validate_call(function, validate_return=True)
compare = validate_call(komparu.compare)
print(compare("/dev/null", Path("/dev/null"), chunk_size="4096"))
print(compare(komparu.Source("/dev/null"), {"url": "/dev/null", "timeout": 3}))
try:
    compare("a", "b", chunk_size="many")
except ValidationError as error:
    print(error.errors()[0]["loc"])
print(asyncio.run(validate_call(aio.compare)("/dev/null", "/dev/null")))
print(validate_call(komparu.compare_all)(iter(["/dev/null", b"/dev/null"])))
print(validate_call(komparu.compare_dir_urls)("/proc/self/task", {"a": "b"}, ignore=["*"]).equal)
validate_call(komparu.configure)(timeout="5", chunk_size=7)
print(validate_call(komparu.get_config)().timeout)
print(TypeAdapter(komparu.Source).validate_python({"url": "http://h/", "timeout": 3}))
result = komparu.DirResult(False, {"a": komparu.DiffReason.SIZE_MISMATCH}, {"b"})
adapter = TypeAdapter(komparu.DirResult)
print(adapter.validate_json(adapter.dump_json(result)) == result)
"""
    assert run(code) == (
        "True\nTrue\n('chunk_size',)\nTrue\nTrue\nTrue\n5.0\n"
        "Source(url='http://h/', timeout=3.0)\nTrue\n"
    )


def test_fastapi_takes_them_for_dependencies_and_endpoints() -> None:
    code = """
import asyncio, json
from typing import Annotated, Any
from fastapi import Depends, FastAPI
from komparu import aio
app = FastAPI()
@app.get("/config")
def config(found: Annotated[Any, Depends(komparu.get_config)]):
    return found.timeout
def endpoint(function):
    def answer(equal: Annotated[bool, Depends(function)]):
        return equal
    return answer
for path, function in {"/sync": komparu.compare, "/async": aio.compare}.items():
    app.post(path)(endpoint(function))
    app.post(path + "-direct")(function)
def ask(method, path, body=b""):
    async def main():
        sent = []
        async def receive():
            return {"type": "http.request", "body": body}
        async def send(message):
            sent.append(message)
        scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": []}
        scope["headers"] = [(b"content-type", b"application/json")]
        await app(scope, receive, send)
        return sent[0]["status"], json.loads(sent[1]["body"])
    return asyncio.run(main())
print(ask("GET", "/config"))
body = json.dumps({"source_a": "/dev/null", "source_b": {"url": "/dev/null"}}).encode()
for path in ("/sync", "/async", "/sync-direct", "/async-direct"):
    print(ask("POST", path, body))
print(ask("POST", "/sync", b"{}")[0], "compare" in json.dumps(app.openapi()))
"""
    answers = "(200, 30.0)\n" + "(200, True)\n" * 4 + "422 True\n"
    assert run(code) == answers


EDITOR = """
import inspect
import jedi
from komparu import aio
start = "import komparu\\nfrom komparu import aio\\n"
def both(code, method, back=0):
    # One after another: making the second one changes what the first has parsed.
    for text, make in ((start + code, jedi.Script), (code, in_a_notebook)):
        lines = text.split("\\n")
        yield getattr(make(text), method)(len(lines), len(lines[-1]) - back)
def in_a_notebook(code):
    return jedi.Interpreter(code, [{"komparu": komparu, "aio": aio}])
def names(completions):
    return [completion.name for completion in completions]
"""


def test_editors_show_signatures() -> None:
    code = """
called = [f"komparu.{name}" for name in komparu.__all__ if inspect.isfunction(vars(komparu)[name])]
called += ["komparu.Source", "komparu.DirResult", "komparu.CompareResult", "komparu.KomparuConfig"]
called += [f"{module}.{name}" for module in ("aio", "komparu.aio") for name in aio.__all__]
for name in called:
    expected = list(inspect.signature(eval(name)).parameters)
    for (signature,) in both(name + "(", "get_signatures"):
        shown = [parameter.name for parameter in signature.params]
        assert [name for name in shown if name != "*"] == expected, signature
print(len(called))
"""
    functions = [name for name in komparu.__all__ if inspect.isfunction(getattr(komparu, name))]
    assert run(EDITOR + code) == f"{len(functions) + 4 + 2 * len(aio.__all__)}\n"


def test_editors_complete_names_options_and_results() -> None:
    code = """
modules = {"aio", "filecmp", "pytest_plugin", "testing"}
for module, name in ((komparu, "komparu."), (aio, "aio.")):
    for found in both(name, "complete"):
        found = {name for name in names(found) if not name.startswith("_")}
        assert found - modules == set(module.__all__) - {"__version__"}, found
for call in ("komparu.compare('a', 'b', chunk_", "aio.compare_dir('a', 'b', chunk_"):
    for found in both(call, "complete"):
        assert names(found) == ["chunk_size="], call
for found in both("komparu.compare_dir('/dev/fd', '/dev/fd').on", "complete"):
    assert names(found) == ["only_left", "only_right"]
awaited = jedi.Script(start + "async def f():\\n    (await aio.compare_dir('a', 'b')).verd")
assert names(awaited.complete()) == ["verdict"]
for found in both("komparu.compare", "help", back=2):
    assert "byte for byte" in found[0].docstring()
print("complete")
"""
    assert run(EDITOR + code) == "complete\n"
