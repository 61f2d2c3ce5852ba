"""What the documentation says is true: the examples run, and no answer is undocumented."""

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from tests.web.running import running

DOCS = Path(__file__).parents[2] / "docs" / "api.md"
ASSUMED = "http://127.0.0.1:8000"


async def run(*command: str, cwd: Path, **env: str) -> tuple[int, str]:
    """Run a program beside the event loop that serves it."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env=os.environ | env,
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


async def find_surprises(
    url: str, cwd: Path, *options: str, headers: dict[str, str]
) -> tuple[int, str]:
    """Let schemathesis look for answers that our own OpenAPI does not describe, and for 5xx."""
    sent = [f"--header={name}: {value}" for name, value in headers.items()]
    return await run(
        sys.executable,
        "-m",
        "schemathesis.cli",
        "run",
        f"{url}/openapi.json",
        *options,
        "--phases=examples,coverage,fuzzing",
        "--generation-database=none",
        "--no-color",
        *sent,
        cwd=cwd,
        SCHEMATHESIS_HOOKS="tests.web.fresh_keys",
        PYTHONPATH=str(DOCS.parents[1]),
    )


@pytest.mark.timeout(240)
async def test_no_request_meets_an_undocumented_answer(tmp_path: Path) -> None:
    """The same requests each time; the long form makes others each time.

    With one seed in some sixty schemathesis 4.32.5 ends before it asks anything: it cannot build
    the opposite of a list whose items refer to themselves, as `arguments` of a decision do.
    """
    async with running(tmp_path) as side:
        await side.say("send hello to me")
        status, output = await find_surprises(
            side.url, tmp_path, "--max-examples=3", "--seed=1", headers={}
        )
        assert status == 0, output


@pytest.mark.soak
@pytest.mark.timeout(300)
async def test_no_request_with_keys_meets_an_undocumented_answer(tmp_path: Path) -> None:
    headers = {"Authorization": "Bearer a-secret-of-ops"}
    async with running(tmp_path, API_KEYS="ops:admin:a-secret-of-ops") as side:
        await side.say("send hello to me", **headers)
        status, output = await find_surprises(
            side.url, tmp_path, "--max-examples=50", headers=headers
        )
        assert status == 0, output
