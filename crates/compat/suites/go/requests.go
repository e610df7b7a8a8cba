package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Requests of the API that no function of the client makes, or makes in this form.
func init() {
	// Sends a direct get and returns the answers up to the one that ends a batch.
	direct := func(t *T, subject, body string) []*nats.Msg {
		sub, err := t.nc.SubscribeSync(nats.NewInbox())
		t.must(err)
		t.must(t.nc.PublishRequest("$JS.API.DIRECT.GET."+subject, sub.Subject, []byte(body)))
		answers := []*nats.Msg{}
		for {
			message, err := sub.NextMsg(patience)
			t.must(err)
			answers = append(answers, message)
			if message.Header.Get("Status") != "" || message.Header.Get("Nats-Num-Pending") == "" {
				return answers
			}
		}
	}
	status := func(message *nats.Msg) string {
		return message.Header.Get("Status") + " " + message.Header.Get("Description")
	}
	got := func(messages []*nats.Msg) string {
		all := []string{}
		for _, each := range messages {
			all = append(all, each.Header.Get("Nats-Sequence")+status(each))
		}
		return strings.Join(all, ",")
	}
	add("request/account", func(t *T) {
		t.tenRevisions()
		answer := t.api("INFO", "")
		t.equal(answer["type"], "io.nats.jetstream.api.v1.account_info_response")
		for _, field := range []string{"memory", "storage", "reserved_memory", "reserved_storage", "streams", "consumers"} {
			_, there := answer[field].(float64)
			t.check(there, field+" is told")
		}
		limits := answer["limits"].(map[string]any)
		for _, field := range []string{"max_memory", "max_storage", "max_streams", "max_consumers", "max_ack_pending", "memory_max_stream_bytes", "storage_max_stream_bytes"} {
			t.equal(limits[field], -1.0)
		}
		t.equal(limits["max_bytes_required"], false)
		api := answer["api"].(map[string]any)
		t.check(api["level"].(float64) >= 2 && api["total"].(float64) > 0, "the level and the number of requests are told")
		info, err := t.js.AccountInfo(t.ctx)
		t.must(err)
		t.check(info.Streams >= 1 && info.Store > 0, "what is used is told")
		message, err := t.nc.Request("$SYS.REQ.USER.INFO", nil, patience)
		t.must(err)
		t.check(strings.Contains(string(message.Data), `"account":"$G"`), "the user is told its account")
	})
	add("request/bad-bodies", func(t *T) {
		kv, _ := t.tenRevisions()
		stream := "KV_" + kv.Bucket()
		name := t.name("s")
		t.refused(t.api("STREAM.CREATE."+name, `{"name":"`+name+`","unknown_field":1}`), 10025)
		t.refused(t.api("STREAM.CREATE."+name, `{"name":"`+name+`","storage":"tape"}`), 10025)
		t.refused(t.api("STREAM.CREATE."+name, `{`), 10025)
		t.refused(t.api("STREAM.CREATE."+name, `{"name":"other"}`), 10056)
		t.refused(t.api("STREAM.INFO.missing", ""), 10059)
		t.refused(t.api("STREAM.UPDATE.missing", `{"name":"missing"}`), 10059)
		t.refused(t.api("STREAM.DELETE.missing", ""), 10059)
		t.refused(t.api("STREAM.PURGE.missing", ""), 10059)
		t.refused(t.api("STREAM.MSG.GET.missing", `{"seq":1}`), 10059)
		t.refused(t.api("STREAM.MSG.GET."+stream, ""), 10003)
		t.refused(t.api("STREAM.MSG.GET."+stream, `{"seq":1,"last_by_subj":"x"}`), 10003)
		t.refused(t.api("STREAM.MSG.GET."+stream, `{"seq":99}`), 10037)
		t.refused(t.api("CONSUMER.INFO."+stream+".missing", ""), 10014)
		t.refused(t.api("CONSUMER.DELETE."+stream+".missing", ""), 10014)
		t.refused(t.api("CONSUMER.NAMES.missing", ""), 10059)
		fault := t.api("STREAM.CREATE."+name, `{"name":"`+name+`","unknown_field":1}`)["error"].(map[string]any)
		t.equal(fault["description"], `invalid JSON: json: unknown field "unknown_field"`)
	})
	add("request/pedantic", func(t *T) {
		name := t.name("s")
		t.refused(t.api("STREAM.CREATE."+name, `{"name":"`+name+`","pedantic":true,"max_age":1000000000,"duplicate_window":2000000000}`), 10052)
		t.equal(t.api("STREAM.CREATE."+name, `{"name":"`+name+`"}`)["error"], nil)
	})
	add("request/required-level", func(t *T) {
		kv, _ := t.tenRevisions()
		stream := "KV_" + kv.Bucket()
		name := t.name("c")
		t.equal(t.api("CONSUMER.CREATE."+stream+"."+name, `{"stream_name":"`+stream+`","config":{"name":"`+name+`"}}`)["error"], nil)
		ask := func(subject, body, level string) *nats.Msg {
			message := nats.NewMsg("$JS.API." + subject)
			message.Data = []byte(body)
			message.Header["Nats-Required-Api-Level"] = []string{level}
			answer, err := t.nc.RequestMsg(message, 10*time.Second)
			t.must(err)
			return answer
		}
		for _, level := range []string{"", "0", "1", "2"} {
			info := string(ask("STREAM.INFO."+stream, "", level).Data)
			t.check(strings.Contains(info, `"config"`), "level "+level+" is offered")
			t.equal(status(ask("DIRECT.GET."+stream, `{"seq":1}`, level)), " ")
			t.equal(status(ask("CONSUMER.MSG.NEXT."+stream+"."+name, "1", level)), " ")
		}
		for _, level := range []string{"999", "x"} {
			answer := map[string]any{}
			t.must(json.Unmarshal(ask("STREAM.INFO."+stream, "", level).Data, &answer))
			t.refused(answer, 10185)
			t.equal(status(ask("DIRECT.GET."+stream, `{"seq":1}`, level)), "412 Required Api Level")
			t.equal(status(ask("CONSUMER.MSG.NEXT."+stream+"."+name, "1", level)), "412 Required Api Level")
		}
	})
	add("request/stream-lists", func(t *T) {
		kv, _ := t.tenRevisions()
		other := t.name("plain")
		_, err := t.js.CreateStream(t.ctx, jetstream.StreamConfig{Name: other})
		t.must(err)
		answer := t.api("STREAM.NAMES", `{"subject":"$KV.`+kv.Bucket()+`.>"}`)
		t.equal([]any{answer["total"], answer["streams"]}, []any{1.0, []any{"KV_" + kv.Bucket()}})
		answer = t.api("STREAM.NAMES", `{"subject":"`+t.name("none")+`"}`)
		t.equal([]any{answer["total"], answer["streams"]}, []any{0.0, nil})
		answer = t.api("STREAM.LIST", `{"subject":"`+other+`"}`)
		t.equal(answer["streams"].([]any)[0].(map[string]any)["config"].(map[string]any)["name"], other)
		answer = t.api("STREAM.NAMES", "")
		names := []string{}
		for _, name := range answer["streams"].([]any) {
			names = append(names, name.(string))
		}
		t.check(slices.IsSorted(names) && slices.Contains(names, other), "the names are in order")
		answer = t.api("STREAM.LIST", `{"offset":1000000}`)
		t.equal(answer["offset"], answer["total"])
	})
	add("request/message-get", func(t *T) {
		kv, _ := t.tenRevisions()
		pre := "$KV." + kv.Bucket() + "."
		long := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339Nano)
		for body, want := range map[string]float64{
			`{"seq":3}`:                                                    3,
			`{"last_by_subj":"` + pre + `k1"}`:                             7,
			`{"last_by_subj":"` + pre + `*"}`:                              10,
			`{"next_by_subj":"` + pre + `k1"}`:                             2,
			`{"next_by_subj":"` + pre + `k1","seq":3}`:                     7,
			`{"start_time":"` + long + `"}`:                                1,
			`{"start_time":"` + long + `","next_by_subj":"` + pre + `k2"}`: 3,
		} {
			answer := t.api("STREAM.MSG.GET.KV_"+kv.Bucket(), body)
			message, there := answer["message"].(map[string]any)
			t.check(there, fmt.Sprint(body, answer))
			t.equal(message["seq"], want)
		}
		t.must(kv.Delete(t.ctx, "k1"))
		message := t.api("STREAM.MSG.GET.KV_"+kv.Bucket(), `{"seq":11}`)["message"].(map[string]any)
		t.equal([]any{message["data"], message["hdrs"]}, []any{nil, "TkFUUy8xLjANCktWLU9wZXJhdGlvbjogREVMDQoNCg=="})
		message = t.api("STREAM.MSG.GET.KV_"+kv.Bucket(), `{"seq":11,"no_hdr":true}`)["message"].(map[string]any)
		t.equal(message["hdrs"], nil)
	})
	add("request/direct-get", func(t *T) {
		kv, _ := t.tenRevisions()
		stream, pre := "KV_"+kv.Bucket(), "$KV."+kv.Bucket()+"."
		long := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339Nano)
		for _, each := range [][3]string{
			{stream + "." + pre + "k1", "", "7"}, {stream + "." + pre + "*", "", "10"}, {stream, `{"seq":3}`, "3"},
			{stream, `{"last_by_subj":"` + pre + `k1"}`, "7"}, {stream, `{"next_by_subj":"` + pre + `k1","seq":3}`, "7"},
			{stream, `{"start_time":"` + long + `"}`, "1"}, {stream, `{"start_time":"` + long + `","next_by_subj":"` + pre + `k2"}`, "3"},
		} {
			message := direct(t, each[0], each[1])[0]
			t.equal(message.Header.Get("Nats-Sequence"), each[2])
			t.equal(message.Header.Get("Nats-Stream"), stream)
			t.check(strings.HasPrefix(message.Header.Get("Nats-Subject"), pre), "the subject is told")
			_, err := time.Parse(time.RFC3339Nano, message.Header.Get("Nats-Time-Stamp"))
			t.must(err)
		}
		bare := direct(t, stream+"."+pre+"k1", `{"no_hdr":true}`)[0]
		t.equal([]any{string(bare.Data), len(bare.Header)}, []any{"7", 0})
		for _, each := range [][3]string{
			{stream + "." + pre + "x", "", "404 Message Not Found"}, {stream, `{"seq":99}`, "404 Message Not Found"}, {stream, "", "408 Empty Request"},
			{stream, "x", "408 Malformed Request"}, {stream, `{"seq":1,"last_by_subj":"x"}`, "408 Bad Request"}, {stream, `{"batch":2}`, "408 Empty Request"},
		} {
			t.equal(status(direct(t, each[0], each[1])[0]), each[2])
		}
		_, err := t.nc.Request("$JS.API.DIRECT.GET."+t.name("missing"), []byte(`{"seq":1}`), patience)
		t.fails(err, nats.ErrNoResponders)
	})
	add("request/direct-get-batch", func(t *T) {
		kv, _ := t.tenRevisions()
		stream, pre := "KV_"+kv.Bucket(), "$KV."+kv.Bucket()+"."
		t.equal(got(direct(t, stream, `{"batch":3,"seq":2}`)), "2 ,3 ,4 ,204 EOB")
		t.equal(got(direct(t, stream, `{"batch":5,"next_by_subj":"`+pre+`k1"}`)), "2 ,7 ,204 EOB")
		t.equal(got(direct(t, stream, `{"batch":9,"seq":4,"max_bytes":1}`)), "4 ,204 EOB")
		t.equal(got(direct(t, stream, `{"multi_last":["`+pre+`k1","`+pre+`k3"]}`)), "7 ,9 ,204 EOB")
		t.equal(got(direct(t, stream, `{"multi_last":["`+pre+`>"],"up_to_seq":6}`)), "2 ,3 ,4 ,5 ,6 ,204 EOB")
		t.equal(got(direct(t, stream, `{"multi_last":["`+pre+`>"],"batch":2}`)), "6 ,7 ,204 EOB")
		now := time.Now().Add(time.Minute).UTC().Format(time.RFC3339Nano)
		t.equal(got(direct(t, stream, `{"multi_last":["`+pre+`k0"],"up_to_time":"`+now+`"}`)), "6 ,204 EOB")
		t.equal(got(direct(t, stream, `{"multi_last":["`+pre+`x"]}`)), "404 No Results")
		t.equal(got(direct(t, stream, `{"batch":2,"seq":99}`)), "404 Message Not Found")
		all := direct(t, stream, `{"batch":2,"seq":4}`)
		t.equal([]string{all[0].Header.Get("Nats-Num-Pending"), all[0].Header.Get("Nats-Last-Sequence"), all[1].Header.Get("Nats-Last-Sequence")}, []string{"6", "0", "4"})
		t.equal([]string{all[2].Header.Get("Nats-Num-Pending"), all[2].Header.Get("Nats-Last-Sequence")}, []string{"5", "5"})
	})
	add("request/consumer-create", func(t *T) {
		kv, _ := t.tenRevisions()
		stream, filter := "KV_"+kv.Bucket(), "$KV."+kv.Bucket()+".k1"
		body := func(config string) string { return `{"stream_name":"` + stream + `","config":` + config + `}` }
		created := func(subject, config, name string) {
			answer := t.api("CONSUMER."+subject, body(config))
			t.check(answer["error"] == nil, fmt.Sprint(subject, answer))
			t.equal(answer["type"], "io.nats.jetstream.api.v1.consumer_create_response")
			if name == "" {
				t.equal(len(answer["name"].(string)), 8)
			} else {
				t.equal(answer["name"], name)
			}
		}
		created("CREATE."+stream, `{}`, "")
		created("CREATE."+stream, `{"name":"given"}`, "given")
		created("CREATE."+stream+".named", `{"name":"ignored"}`, "named")
		created("CREATE."+stream+".f."+filter, `{"filter_subject":"`+filter+`"}`, "f")
		created("DURABLE.CREATE."+stream+".old", `{"durable_name":"old"}`, "old")
		created("CREATE."+stream+".new", `{"durable_name":"new"}`, "new")
		t.refused(t.api("CONSUMER.CREATE."+stream+".f2."+filter, body(`{"filter_subject":"other"}`)), 10131)
		t.refused(t.api("CONSUMER.CREATE."+stream+".f2."+filter, body(`{"filter_subjects":["a","b"]}`)), 10137)
		t.refused(t.api("CONSUMER.CREATE."+stream, body(`{"durable_name":"d"}`)), 10020)
		t.refused(t.api("CONSUMER.DURABLE.CREATE."+stream+".d", body(`{}`)), 10018)
		t.refused(t.api("CONSUMER.DURABLE.CREATE."+stream+".d", body(`{"durable_name":"e"}`)), 10017)
		t.refused(t.api("CONSUMER.CREATE."+stream, body(`{"filter_subject":"a","filter_subjects":["a"]}`)), 10136)
		t.refused(t.api("CONSUMER.CREATE."+stream, body(`{"filter_subjects":["a.*","a.b"]}`)), 10138)
		t.refused(t.api("CONSUMER.CREATE."+stream, body(`{"deliver_subject":"a.*"}`)), 10079)
		t.refused(t.api("CONSUMER.CREATE."+stream, body(`{"flow_control":true,"deliver_subject":"a"}`)), 10108)
		t.refused(t.api("CONSUMER.CREATE.missing", `{"stream_name":"missing","config":{}}`), 10059)
		t.refused(t.api("CONSUMER.CREATE.other", body(`{}`)), 10056)
	})
	add("request/consumer-lists", func(t *T) {
		kv, _ := t.tenRevisions()
		stream := "KV_" + kv.Bucket()
		for _, name := range []string{"a", "b", "c"} {
			t.api("CONSUMER.CREATE."+stream+"."+name, `{"stream_name":"`+stream+`","config":{"durable_name":"`+name+`"}}`)
		}
		answer := t.api("CONSUMER.NAMES."+stream, "")
		t.equal([]any{answer["total"], answer["offset"], answer["limit"], len(answer["consumers"].([]any))}, []any{3.0, 0.0, 1024.0, 3})
		answer = t.api("CONSUMER.LIST."+stream, `{"offset":1}`)
		t.equal([]any{answer["total"], answer["offset"], answer["limit"], len(answer["consumers"].([]any))}, []any{3.0, 1.0, 256.0, 2})
	})
	add("request/snapshot-and-restore", func(t *T) {
		kv, _ := t.tenRevisions()
		stream := "KV_" + kv.Bucket()
		sub, err := t.nc.SubscribeSync(nats.NewInbox())
		t.must(err)
		answer := t.api("STREAM.SNAPSHOT."+stream, `{"deliver_subject":"`+sub.Subject+`","chunk_size":1024,"no_consumers":true}`)
		t.check(answer["error"] == nil, fmt.Sprint(answer["error"]))
		t.equal(answer["type"], "io.nats.jetstream.api.v1.stream_snapshot_response")
		chunks := [][]byte{}
		for {
			message, err := sub.NextMsg(patience)
			t.must(err)
			if len(message.Data) == 0 {
				break
			}
			chunks = append(chunks, message.Data)
			if message.Reply != "" {
				t.must(message.Respond(nil))
			}
		}
		before := t.info(kv).State
		request, err := json.Marshal(map[string]any{"config": answer["config"], "state": answer["state"]})
		t.must(err)
		t.refused(t.api("STREAM.RESTORE."+stream, string(request)), 10130)
		t.must(t.js.DeleteKeyValue(t.ctx, kv.Bucket()))
		restore := t.api("STREAM.RESTORE."+stream, string(request))
		for _, chunk := range append(chunks, nil) {
			reply, err := t.nc.Request(restore["deliver_subject"].(string), chunk, patience)
			t.must(err)
			t.check(!strings.Contains(string(reply.Data), `"error"`), string(reply.Data))
		}
		again, err := t.js.KeyValue(t.ctx, kv.Bucket())
		t.must(err)
		after := t.info(again).State
		t.equal([]uint64{after.Msgs, after.FirstSeq, after.LastSeq}, []uint64{before.Msgs, before.FirstSeq, before.LastSeq})
		t.equal(text(t.get(again, "k1")), "k1=7@7")
		t.equal(t.put(again, "k1", "more"), uint64(11))
	})
	add("request/cluster-only", func(t *T) {
		kv, _ := t.tenRevisions()
		t.refused(t.api("STREAM.LEADER.STEPDOWN.KV_"+kv.Bucket(), ""), 10010)
		t.refused(t.api("STREAM.PEER.REMOVE.KV_"+kv.Bucket(), `{"peer":"x"}`), 10010)
	})
	add("request/seen-by-others", func(t *T) {
		sub, err := t.nc.SubscribeSync("$JS.API.STREAM.INFO.>")
		t.must(err)
		kv, _ := t.tenRevisions()
		// Other cases ask, too.
		for subject := ""; subject != "$JS.API.STREAM.INFO.KV_"+kv.Bucket(); {
			message, err := sub.NextMsg(patience)
			t.must(err)
			subject = message.Subject
		}
	})
}
