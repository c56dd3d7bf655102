"""Methods of the object s=Methods. Each call is told as {"event": "called", "method", "object", "arguments"}.

Add(a: Double, b: Double) → sum      Echo(text: String) → text          Nothing()
Many(count: Int32, on: Boolean, name: LocalizedText, values: Double[]) → one String that holds what came as JSON
Refuse(code: UInt32) → fails with that StatusCode          Limited(value: Double): over 100 its argument is refused
(BadInvalidArgument, argument result BadOutOfRange)        Slow(ms: UInt32): answers after that time
Raise(): the program behind it fails (asyncua answers BadUnexpectedError)
"""
import asyncio
import json

from asyncua import ua

from .values import say, to_json

KINDS = ua.VariantType


async def build(plant):
    index = plant.index
    methods = await plant.server.nodes.objects.add_object(plant.id("Methods"), ua.QualifiedName("Methods", index))

    def told(name, handler):
        async def call(parent, *arguments):
            say({"event": "called", "method": name, "object": parent.to_string(), "arguments": [to_json(one) for one in arguments]})
            return await handler(*[one.Value for one in arguments])

        return call

    async def add(name, handler, inputs=(), outputs=()):
        described = [[argument(*one) for one in side] for side in (inputs, outputs)]
        await methods.add_method(plant.id(f"Methods/{name}"), ua.QualifiedName(name, index), told(name, handler), *described)

    async def add_numbers(a, b):
        return [ua.Variant(a + b, KINDS.Double)]

    async def echo(text):
        return [ua.Variant(text, KINDS.String)]

    async def nothing():
        return []

    async def many(*arguments):
        return [ua.Variant(json.dumps([to_json(one) for one in arguments], ensure_ascii=False), KINDS.String)]

    async def refuse(code):
        return ua.StatusCode(code)

    async def limited(value):
        if value <= 100:
            return []
        result = ua.CallMethodResult()
        result.StatusCode = ua.StatusCode(ua.StatusCodes.BadInvalidArgument)
        result.InputArgumentResults = [ua.StatusCode(ua.StatusCodes.BadOutOfRange)]
        return result

    async def slow(ms):
        await asyncio.sleep(ms / 1000)
        return []

    async def fail():
        raise RuntimeError("the program behind this method failed")

    double, text, number = KINDS.Double, KINDS.String, KINDS.UInt32
    await add("Add", add_numbers, [("a", double), ("b", double)], [("sum", double)])
    await add("Echo", echo, [("text", text)], [("text", text)])
    await add("Nothing", nothing)
    mixed = [("count", KINDS.Int32), ("on", KINDS.Boolean), ("name", KINDS.LocalizedText), ("values", double, True)]
    await add("Many", many, mixed, [("json", text)])
    await add("Refuse", refuse, [("code", number)])
    await add("Limited", limited, [("value", double)])
    await add("Slow", slow, [("ms", number)])
    await add("Raise", fail)


def argument(name, kind, array=False):
    made = ua.Argument()
    made.Name = name
    made.DataType = ua.NodeId(kind.value)
    made.ValueRank = 1 if array else -1
    made.ArrayDimensions = [0] if array else []
    made.Description = ua.LocalizedText(f"{name} of the call")
    return made
