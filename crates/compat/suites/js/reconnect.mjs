// Cases about lost connections and servers that are killed. They use the door, so they run alone.
import { Kvm } from "@nats-io/kv";
import { KvWatchInclude } from "@nats-io/kv";
import { addAlone, all, equal, eventually, take, text } from "./frame.mjs";

const back = (nc) =>
  eventually("the connection is back", async () => {
    try {
      await nc.rtt();
      return true;
    } catch {
      return false;
    }
  });

addAlone("reconnect/watch", async (w) => {
  const kv = await w.bucket({ history: 64 });
  const far = await new Kvm(await w.far()).open(kv.bucket);
  await kv.put("a", "0");
  const watch = await far.watch({ include: KvWatchInclude.AllHistory });
  equal((await take(watch, 1)).map(text), ["a=0@1"]);
  for (let round = 0; round < 3; round++) {
    await w.order("CUT");
    const want = [];
    for (let at = 0; at < 5; at++) {
      want.push(`a=${round}.${at}@${await kv.put("a", `${round}.${at}`)}`);
    }
    equal((await take(watch, 5)).map(text), want);
  }
  watch.stop();
});

addAlone("reconnect/writes", async (w) => {
  const nc = await w.far();
  const kv = await new Kvm(nc).create(w.name());
  await kv.put("a", "1");
  await w.order("CUT");
  await back(nc);
  equal(await kv.put("a", "2"), 2);
  equal((await kv.get("a")).string(), "2");
});

addAlone("restart/keeps-everything", async (w) => {
  const nc = await w.far();
  const kv = await new Kvm(nc).create(w.name(), { history: 5, description: "kept" });
  for (let at = 0; at < 20; at++) {
    await kv.put(`k${at % 4}`, `${at}`);
  }
  await kv.delete("k1");
  await w.order("KILL");
  await back(nc);
  const status = await kv.status();
  equal([status.values, status.history, status.description], [20, 5, "kept"]);
  equal((await all(await kv.keys())), ["k0", "k2", "k3"]);
  equal(await kv.put("k0", "more"), 22);
  equal((await all(await kv.history({ key: "k0" }))).map(text), ["k0=4@5", "k0=8@9", "k0=12@13", "k0=16@17", "k0=more@22"]);
});
