"""What the documentation says is true: the examples run, and no answer is undocumented."""

import asyncio
import re
import sys
from pathlib import Path

import pytest

from bot.web.options import ApiKey, WebOptions
from tests.web.running import running

DOCS = Path(__file__).parents[2] / "docs" / "api.md"
ASSUMED = "http://127.0.0.1:8000"


async def run(*command: str, cwd: Path) -> tuple[int, str]:
    """Run a program beside the event loop that serves it."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await process.communicate()
    except BaseException:
        process.kill()
        raise
    assert process.returncode is not None
    return process.returncode, output.decode()


async def test_the_examples_in_the_documentation_run_as_they_stand(tmp_path: Path) -> None:
    text = await asyncio.to_thread(DOCS.read_text)
    examples = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
    assert len(examples) >= 8
    async with running(tmp_path) as side:
        script = "\n".join(
            [
                "set -eu",
                'curl() { command curl --fail-with-body --max-time 20 "$@"; echo; }',
                *(example.replace(ASSUMED, side.url) for example in examples),
            ]
        )
        status, output = await run("bash", "-c", script, cwd=tmp_path)
        assert status == 0, output
        assert '"state":"parked"' in output
        assert '"outcome":"approved"' in output
        assert "event: text_delta" in output
        assert (await side.client.get("/api/sessions")).json()["items"] == []


@pytest.mark.timeout(120)
@pytest.mark.parametrize("keyed", [False, True])
async def test_no_request_meets_an_undocumented_answer(tmp_path: Path, keyed: bool) -> None:
    keys = (ApiKey("ops", "admin", "a-secret"),) if keyed else ()
    async with running(tmp_path, WebOptions(port=0, keys=keys, stop_seconds=1)) as side:
        headers = {"X-API-Key": "a-secret"} if keyed else {}
        await side.say("Hello", **headers)
        await side.say("send hello to me", **headers)
        status, output = await run(
            sys.executable,
            "-m",
            "schemathesis.cli",
            "run",
            f"{side.url}/openapi.json",
            "--max-examples=5",
            "--phases=examples,coverage,fuzzing",
            "--generation-database=none",
            "--no-color",
            *(["--header", "Authorization: Bearer a-secret"] if keyed else []),
            cwd=tmp_path,
        )
        assert status == 0, output
