package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Pull requests: by the functions of the client, and as raw requests with every status they can end with.
func init() {
	made := func(t *T, stream jetstream.Stream, config jetstream.ConsumerConfig) jetstream.Consumer {
		config.InactiveThreshold = time.Minute
		consumer, err := stream.CreateConsumer(t.ctx, config)
		t.must(err)
		return consumer
	}
	// Asks for messages and returns the subscription on which answers come.
	ask := func(t *T, stream jetstream.Stream, consumer jetstream.Consumer, body string) *nats.Subscription {
		inbox := nats.NewInbox()
		sub, err := t.nc.SubscribeSync(inbox)
		t.must(err)
		subject := "$JS.API.CONSUMER.MSG.NEXT." + stream.CachedInfo().Config.Name + "." + consumer.CachedInfo().Name
		t.must(t.nc.PublishRequest(subject, inbox, []byte(body)))
		return sub
	}
	// Returns the next answer as `status description`, or as the body of a message.
	answer := func(t *T, sub *nats.Subscription) string {
		message, err := sub.NextMsg(patience)
		t.must(err)
		if status := message.Header.Get("Status"); status != "" {
			return status + " " + message.Header.Get("Description")
		}
		return string(message.Data)
	}
	add("pull/fetch", func(t *T) {
		_, stream := t.tenRevisions()
		consumer := made(t, stream, jetstream.ConsumerConfig{AckPolicy: jetstream.AckNonePolicy})
		t.equal(t.sequences(consumer, 3), []uint64{1, 2, 3})
		message, err := consumer.Next(jetstream.FetchMaxWait(patience))
		t.must(err)
		metadata, err := message.Metadata()
		t.must(err)
		t.equal([]any{metadata.Sequence.Stream, metadata.Sequence.Consumer, metadata.NumPending, metadata.NumDelivered},
			[]any{uint64(4), uint64(4), uint64(6), uint64(1)})
		batch, err := consumer.FetchNoWait(100)
		t.must(err)
		count := 0
		for range batch.Messages() {
			count++
		}
		t.equal(count, 6)
		_, err = consumer.Next(jetstream.FetchMaxWait(200 * time.Millisecond))
		t.fails(err, nats.ErrTimeout)
		batch, err = consumer.Fetch(1, jetstream.FetchMaxWait(3*time.Second), jetstream.FetchHeartbeat(time.Second))
		t.must(err)
		for range batch.Messages() {
			t.fail("there is nothing to deliver")
		}
		t.must(batch.Error())
	})
	add("pull/fetch-bytes", func(t *T) {
		_, stream := t.tenRevisions()
		consumer := made(t, stream, jetstream.ConsumerConfig{AckPolicy: jetstream.AckNonePolicy})
		batch, err := consumer.FetchBytes(350, jetstream.FetchMaxWait(2*time.Second))
		t.must(err)
		count := 0
		for range batch.Messages() {
			count++
		}
		t.check(count >= 1 && count < 10, "some fit into so many bytes")
	})
	add("pull/consume-and-messages", func(t *T) {
		kv, stream := t.tenRevisions()
		consumer := made(t, stream, jetstream.ConsumerConfig{})
		got := make(chan string, 100)
		consuming, err := consumer.Consume(func(message jetstream.Msg) {
			_ = message.Ack()
			got <- string(message.Data())
		}, jetstream.PullMaxMessages(4), jetstream.PullHeartbeat(time.Second))
		t.must(err)
		t.put(kv, "k0", "11")
		for at := 1; at <= 11; at++ {
			select {
			case body := <-got:
				t.equal(body, fmt.Sprint(at))
			case <-time.After(patience):
				t.fail("message %d does not come", at)
			}
		}
		consuming.Stop()
		messages, err := made(t, stream, jetstream.ConsumerConfig{}).Messages(jetstream.PullMaxBytes(1000), jetstream.StopAfter(5))
		t.must(err)
		for at := 1; at <= 5; at++ {
			message, err := messages.Next()
			t.must(err)
			t.equal(string(message.Data()), fmt.Sprint(at))
		}
		_, err = messages.Next()
		t.fails(err, jetstream.ErrMsgIteratorClosed)
	})
	add("pull/statuses", func(t *T) {
		_, stream := t.tenRevisions()
		consumer := made(t, stream, jetstream.ConsumerConfig{
			AckPolicy: jetstream.AckNonePolicy, MaxRequestBatch: 20, MaxRequestExpires: time.Minute, MaxRequestMaxBytes: 10000, MaxWaiting: 2,
		})
		t.equal(answer(t, ask(t, stream, consumer, "")), "1")
		two := ask(t, stream, consumer, "2")
		t.equal([]string{answer(t, two), answer(t, two)}, []string{"2", "3"})
		t.equal(answer(t, ask(t, stream, consumer, `{"batch":1,"max_bytes":10}`)), "409 Message Size Exceeds MaxBytes")
		t.equal(answer(t, ask(t, stream, consumer, `{"batch":21}`)), "409 Exceeded MaxRequestBatch of 20")
		t.equal(answer(t, ask(t, stream, consumer, `{"expires":3600000000000}`)), "409 Exceeded MaxRequestExpires of 1m0s")
		t.equal(answer(t, ask(t, stream, consumer, `{"max_bytes":20000}`)), "409 Exceeded MaxRequestMaxBytes of 10000")
		t.equal(answer(t, ask(t, stream, consumer, `{"batch":1,"expires":1000000000,"idle_heartbeat":900000000}`)), "400 Bad Request - heartbeat value too large")
		rest := ask(t, stream, consumer, `{"batch":20,"no_wait":true}`)
		for at := 4; at <= 10; at++ {
			t.equal(answer(t, rest), fmt.Sprint(at))
		}
		t.equal(answer(t, rest), "404 No Messages")
		t.equal(answer(t, ask(t, stream, consumer, `{"batch":1,"no_wait":true}`)), "404 No Messages")
		late := ask(t, stream, consumer, `{"batch":1,"expires":200000000}`)
		message, err := late.NextMsg(patience)
		t.must(err)
		t.equal([]string{message.Header.Get("Status"), message.Header.Get("Description"), message.Header.Get("Nats-Pending-Messages"), message.Header.Get("Nats-Pending-Bytes")},
			[]string{"408", "Request Timeout", "1", "0"})
		beating := ask(t, stream, consumer, `{"batch":1,"expires":5000000000,"idle_heartbeat":200000000}`)
		t.equal(answer(t, beating), "100 Idle Heartbeat")
		ask(t, stream, consumer, `{"batch":1,"expires":5000000000}`)
		t.equal(answer(t, ask(t, stream, consumer, `{"batch":1,"expires":5000000000}`)), "409 Exceeded MaxWaiting")
		waiting := answer
		t.must(stream.DeleteConsumer(t.ctx, consumer.CachedInfo().Name))
		for {
			if status := waiting(t, beating); status != "100 Idle Heartbeat" {
				t.equal(status, "409 Consumer Deleted")
				break
			}
		}
		missing := ask(t, stream, consumer, "")
		_, err = missing.NextMsg(patience)
		t.check(errors.Is(err, nats.ErrNoResponders), "nobody answers for a consumer that is gone")
	})
	add("pull/push-consumer", func(t *T) {
		_, stream := t.tenRevisions()
		_, err := stream.CreateOrUpdatePushConsumer(t.ctx, jetstream.ConsumerConfig{Durable: "p", DeliverSubject: t.name("x"), AckPolicy: jetstream.AckNonePolicy})
		t.must(err)
		sub, err := t.nc.SubscribeSync(nats.NewInbox())
		t.must(err)
		t.must(t.nc.PublishRequest("$JS.API.CONSUMER.MSG.NEXT."+stream.CachedInfo().Config.Name+".p", sub.Subject, nil))
		t.equal(answer(t, sub), "409 Consumer is push based")
	})
	add("pull/ack-and-next", func(t *T) {
		_, stream := t.tenRevisions()
		consumer := made(t, stream, jetstream.ConsumerConfig{AckPolicy: jetstream.AckExplicitPolicy})
		message := t.fetch(consumer, 1)[0]
		inbox, err := t.nc.SubscribeSync(nats.NewInbox())
		t.must(err)
		t.must(t.nc.PublishRequest(message.Reply(), inbox.Subject, []byte("+NXT 2")))
		t.equal([]string{answer(t, inbox), answer(t, inbox)}, []string{"2", "3"})
		info, err := consumer.Info(t.ctx)
		t.must(err)
		t.equal(info.AckFloor.Stream, uint64(1))
	})
}
