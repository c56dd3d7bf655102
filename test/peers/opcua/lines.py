"""Commands as lines of JSON: {"id", "do", …} in, {"id", "ok"} or {"id", "error", "code"} out. A command `x` is the method `do_x`."""
import asyncio
import json
import threading
import traceback

from .values import say


class Lines:
    async def run(self, stream):
        """Carries out one line after the other until the stream ends. A thread reads: pipes and files alike."""
        lines, loop = asyncio.Queue(), asyncio.get_running_loop()

        def read():
            for line in stream:
                loop.call_soon_threadsafe(lines.put_nowait, line)
            loop.call_soon_threadsafe(lines.put_nowait, None)

        threading.Thread(target=read, daemon=True).start()
        while (line := await lines.get()) is not None:
            if line.strip():
                await self._carry_out(json.loads(line))

    async def _carry_out(self, asked):
        number, name = asked.pop("id", None), asked.pop("do")
        try:
            command = getattr(self, f"do_{name}", None)
            if command is None:
                raise ValueError(f"there is no command '{name}'")
            answer = await command(**asked)
            say({"id": number, "ok": {} if answer is None else answer})
        except Exception as error:
            sentence = f"{name}: {type(error).__name__}: {error}"
            say({"id": number, "error": sentence, "code": getattr(error, "code", None), "trace": traceback.format_exc(limit=-3)})
