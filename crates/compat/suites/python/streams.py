"""Cases about the stream below a bucket: raw messages, purges, publish options, consumers."""

import asyncio
import datetime

from client import bucket, connected, subscribed
from frame import case, check, equal, raises
from nats.errors import TimeoutError as NatsTimeout
from nats.js import api, errors


@case("stream/get-message")
async def get_message(world):
    async with bucket(world, history=5, direct=True) as (kv, js):
        stream = f"KV_{kv._name}"
        for key in ["a", "b", "a"]:
            await kv.put(key, key.encode())
        await kv.delete("a")
        for direct in [False, True]:
            message = await js.get_msg(stream, seq=2, direct=direct)
            equal((message.subject, message.seq, message.data), (f"$KV.{kv._name}.b", 2, b"b"))
            message = await js.get_msg(stream, subject=f"$KV.{kv._name}.a", direct=direct)
            equal((message.seq, message.headers["KV-Operation"]), (4, "DEL"))
            message = await js.get_msg(stream, seq=2, subject=f"$KV.{kv._name}.a", direct=direct, next=True)
            equal((message.seq, message.data), (3, b"a"))
        equal((await js.get_last_msg(stream, f"$KV.{kv._name}.b")).seq, 2)
        with raises(errors.NotFoundError, "err_code=10037 description='no message found'"):
            await js.get_msg(stream, seq=99)


@case("stream/delete-message")
async def delete_message(world):
    async with bucket(world) as (kv, js):
        await kv.put("a", b"1")
        with raises(errors.ServerError, "err_code=10057"):
            await js.delete_msg(f"KV_{kv._name}", 1)
        name = world.name()
        await js.add_stream(name=name, subjects=[name])
        for _ in range(3):
            await js.publish(name, b"x")
        equal(await js.delete_msg(name, 2), True)
        info = await js.stream_info(name)
        equal((info.state.messages, info.state.num_deleted), (2, 1))
        await js.delete_stream(name)


@case("stream/purge")
async def purge(world):
    async with bucket(world, history=10) as (kv, js):
        stream = f"KV_{kv._name}"
        for number in range(10):
            await kv.put(f"k{number % 2}", b"x")
        await js.purge_stream(stream, subject=f"$KV.{kv._name}.k0", keep=2)
        equal((await kv.status()).values, 7)
        await js.purge_stream(stream, seq=6)
        equal((await kv.status()).values, 5)
        await js.purge_stream(stream)
        state = (await kv.status()).stream_info.state
        equal((state.messages, state.first_seq, state.last_seq), (0, 11, 10))


@case("stream/subjects")
async def subjects(world):
    async with bucket(world, history=10) as (kv, js):
        for key in ["a.b", "a.c", "d", "a.b"]:
            await kv.put(key, b"x")
        info = await js.stream_info(f"KV_{kv._name}", subjects_filter=f"$KV.{kv._name}.a.*")
        equal(info.state.subjects, {f"$KV.{kv._name}.a.b": 2, f"$KV.{kv._name}.a.c": 1})


@case("publish/headers")
async def headers(world):
    async with bucket(world, history=10) as (kv, js):
        subject = f"$KV.{kv._name}.a"
        ack = await js.publish(subject, b"1", headers={"Nats-Msg-Id": "one", "colour": "red: green"})
        equal((ack.stream, ack.seq, ack.duplicate), (f"KV_{kv._name}", 1, None))
        ack = await js.publish(subject, b"1", headers={"Nats-Msg-Id": "one"})
        equal((ack.seq, ack.duplicate), (1, True))
        with raises(errors.BadRequestError, "err_code=10060 description='expected stream does not match'"):
            await js.publish(subject, b"2", stream="other")
        with raises(errors.BadRequestError, "err_code=10071 description='wrong last sequence: 1'"):
            await js.publish(subject, b"2", headers={"Nats-Expected-Last-Sequence": "4"})
        with raises(errors.BadRequestError, "err_code=10070 description='wrong last msg ID: one'"):
            await js.publish(subject, b"2", headers={"Nats-Expected-Last-Msg-Id": "two"})
        ack = await js.publish(subject, b"2", headers={"Nats-Expected-Last-Msg-Id": "one"})
        equal(ack.seq, 2)
        equal((await js.get_msg(f"KV_{kv._name}", seq=1)).headers["colour"], "red: green")


@case("consumer/pull")
async def pull(world):
    async with bucket(world, history=10) as (kv, js):
        for number in range(5):
            await kv.put("a", str(number).encode())
        puller = await js.pull_subscribe(f"$KV.{kv._name}.>", durable="reader", stream=f"KV_{kv._name}")
        batch = await puller.fetch(3, timeout=5)
        equal([message.data for message in batch], [b"0", b"1", b"2"])
        await batch[0].ack_sync()
        await batch[1].nak()
        await batch[2].term()
        again = []
        while len(again) < 3:
            again += await puller.fetch(3 - len(again), timeout=5)
        equal(sorted(message.data for message in again), [b"1", b"3", b"4"])
        redelivered = next(message for message in again if message.data == b"1")
        equal(redelivered.metadata.num_delivered, 2)
        for message in again:
            await message.in_progress()
            await message.ack_sync()
        with raises(NatsTimeout):
            await puller.fetch(1, timeout=0.2)
        info = await puller.consumer_info()
        equal((info.num_ack_pending, info.num_pending, info.ack_floor.stream_seq), (0, 0, 5))
        await puller.unsubscribe()


@case("consumer/manage")
async def manage(world):
    async with bucket(world, history=10) as (kv, js):
        stream = f"KV_{kv._name}"
        for name in ["one", "two", "three"]:
            await js.add_consumer(stream, api.ConsumerConfig(durable_name=name, ack_policy=api.AckPolicy.EXPLICIT))
        listed = await js.consumers_info(stream)
        equal(sorted(info.name for info in listed), ["one", "three", "two"])
        equal((await js.consumer_info(stream, "one")).config.ack_wait, 30)
        until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
        paused = await js.pause_consumer(stream, "one", until.isoformat().replace("+00:00", "Z"))
        check(paused.paused, "the consumer is paused")
        check(not (await js.resume_consumer(stream, "one")).paused, "the consumer goes on")
        equal(await js.delete_consumer(stream, "two"), True)
        with raises(errors.NotFoundError, "err_code=10014 description='consumer not found'"):
            await js.consumer_info(stream, "two")
        equal((await kv.status()).stream_info.state.consumer_count, 2)


@case("core/request-reply")
async def request_reply(world):
    from nats.errors import NoRespondersError

    async with connected(world.url) as one, connected(world.url) as two:
        subject = world.name()
        with raises(NoRespondersError):
            await one.request(subject, b"", timeout=2)
        subscription = await two.subscribe(subject, queue="workers")
        await subscribed(two)
        asking = asyncio.create_task(one.request(subject, b"ping", timeout=5, headers={"x": "y"}))
        question = await subscription.next_msg(5)
        equal((question.data, question.headers), (b"ping", {"x": "y"}))
        await question.respond(b"pong")
        equal((await asking).data, b"pong")
