package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Makes a bucket with ten revisions: k0 to k4, twice.
func (t *T) tenRevisions() (jetstream.KeyValue, jetstream.Stream) {
	kv := t.bucket(jetstream.KeyValueConfig{History: 10})
	for at := range 10 {
		t.put(kv, fmt.Sprintf("k%d", at%5), fmt.Sprint(at+1))
	}
	return kv, t.stream(kv)
}

// Fetches so many messages and returns the revisions.
func (t *T) sequences(consumer jetstream.Consumer, count int) []uint64 {
	all := []uint64{}
	for _, message := range t.fetch(consumer, count) {
		metadata, err := message.Metadata()
		t.must(err)
		all = append(all, metadata.Sequence.Stream)
	}
	return all
}

func (t *T) fetch(consumer jetstream.Consumer, count int) []jetstream.Msg {
	all := []jetstream.Msg{}
	for len(all) < count {
		batch, err := consumer.Fetch(count-len(all), jetstream.FetchMaxWait(patience))
		t.must(err)
		for message := range batch.Messages() {
			all = append(all, message)
		}
		t.must(batch.Error())
	}
	return all
}

// Consumers: making and managing them, where they start, and what acknowledgements do.
func init() {
	made := func(t *T, stream jetstream.Stream, config jetstream.ConsumerConfig) jetstream.Consumer {
		consumer, err := stream.CreateConsumer(t.ctx, config)
		t.must(err)
		return consumer
	}
	add("consumer/options", func(t *T) {
		kv, stream := t.tenRevisions()
		until := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
		config := jetstream.ConsumerConfig{
			Name: "n", Durable: "n", Description: "d", DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: 3,
			AckPolicy: jetstream.AckExplicitPolicy, AckWait: time.Second, MaxDeliver: 5, BackOff: []time.Duration{time.Second, 2 * time.Second},
			FilterSubjects: []string{"$KV." + kv.Bucket() + ".k1", "$KV." + kv.Bucket() + ".k2"}, ReplayPolicy: jetstream.ReplayOriginalPolicy,
			SampleFrequency: "50", MaxWaiting: 7, MaxAckPending: 8, HeadersOnly: true, MaxRequestBatch: 9,
			MaxRequestExpires: time.Minute, MaxRequestMaxBytes: 1000, InactiveThreshold: time.Hour, Replicas: 1, MemoryStorage: true,
			Metadata: map[string]string{"k": "v"}, PauseUntil: &until,
		}
		got := made(t, stream, config).CachedInfo().Config
		t.equal(got.Metadata["k"], "v")
		got.Metadata = config.Metadata
		t.check(got.PauseUntil.Equal(until), "the pause is told")
		got.PauseUntil = &until
		t.equal(got, config)
	})
	add("consumer/defaults", func(t *T) {
		_, stream := t.tenRevisions()
		info := made(t, stream, jetstream.ConsumerConfig{}).CachedInfo()
		got := info.Config
		t.equal([]any{got.AckPolicy, got.AckWait, got.MaxDeliver, got.MaxWaiting, got.MaxAckPending, got.InactiveThreshold},
			[]any{jetstream.AckExplicitPolicy, 30 * time.Second, -1, 512, 1000, 5 * time.Second})
		t.equal([]any{info.NumPending, info.NumAckPending, info.NumRedelivered, info.NumWaiting}, []any{uint64(10), 0, 0, 0})
		t.equal([]uint64{info.Delivered.Consumer, info.Delivered.Stream, info.AckFloor.Stream}, []uint64{0, 0, 0})
	})
	add("consumer/start", func(t *T) {
		kv, stream := t.tenRevisions()
		filter := "$KV." + kv.Bucket() + ".>"
		later := time.Now().Add(time.Hour)
		long := time.Now().Add(-time.Hour)
		for name, each := range map[string]struct {
			config jetstream.ConsumerConfig
			want   []uint64
		}{
			"all":       {jetstream.ConsumerConfig{DeliverPolicy: jetstream.DeliverAllPolicy}, []uint64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
			"last":      {jetstream.ConsumerConfig{DeliverPolicy: jetstream.DeliverLastPolicy}, []uint64{10}},
			"new":       {jetstream.ConsumerConfig{DeliverPolicy: jetstream.DeliverNewPolicy}, []uint64{}},
			"sequence":  {jetstream.ConsumerConfig{DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: 8}, []uint64{8, 9, 10}},
			"beyond":    {jetstream.ConsumerConfig{DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: 12}, []uint64{}},
			"past time": {jetstream.ConsumerConfig{DeliverPolicy: jetstream.DeliverByStartTimePolicy, OptStartTime: &long}, []uint64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
			"last each": {jetstream.ConsumerConfig{DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy, FilterSubject: filter}, []uint64{6, 7, 8, 9, 10}},
			"filtered":  {jetstream.ConsumerConfig{FilterSubject: "$KV." + kv.Bucket() + ".k1"}, []uint64{2, 7}},
			"two":       {jetstream.ConsumerConfig{FilterSubjects: []string{"$KV." + kv.Bucket() + ".k1", "$KV." + kv.Bucket() + ".k3"}}, []uint64{2, 4, 7, 9}},
		} {
			consumer := made(t, stream, each.config)
			t.equal(fmt.Sprint(name, consumer.CachedInfo().NumPending), fmt.Sprint(name, len(each.want)))
			t.equal(t.sequences(consumer, len(each.want)), each.want)
		}
		_, err := stream.CreateConsumer(t.ctx, jetstream.ConsumerConfig{DeliverPolicy: jetstream.DeliverByStartTimePolicy, OptStartTime: &later, OptStartSeq: 2})
		t.fails(err, "err_code=10094")
		_, err = stream.CreateConsumer(t.ctx, jetstream.ConsumerConfig{DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy})
		t.fails(err, "err_code=10094 description=consumer delivery policy is deliver last per subject, but optional filter subject is not set")
	})
	add("consumer/manage", func(t *T) {
		_, stream := t.tenRevisions()
		for _, name := range []string{"b", "a", "c"} {
			made(t, stream, jetstream.ConsumerConfig{Durable: name})
		}
		names, listed := []string{}, []string{}
		lister := stream.ConsumerNames(t.ctx)
		for name := range lister.Name() {
			names = append(names, name)
		}
		t.must(lister.Err())
		infos := stream.ListConsumers(t.ctx)
		for info := range infos.Info() {
			listed = append(listed, info.Name)
		}
		t.must(infos.Err())
		slices.Sort(names)
		slices.Sort(listed)
		t.equal([][]string{names, listed}, [][]string{{"a", "b", "c"}, {"a", "b", "c"}})
		t.must(stream.DeleteConsumer(t.ctx, "b"))
		_, err := stream.Consumer(t.ctx, "b")
		t.fails(err, jetstream.ErrConsumerNotFound)
		t.fails(stream.DeleteConsumer(t.ctx, "b"), jetstream.ErrConsumerNotFound)
		_, err = stream.CreateConsumer(t.ctx, jetstream.ConsumerConfig{Durable: "a", Description: "other"})
		t.fails(err, jetstream.ErrConsumerExists)
		_, err = stream.UpdateConsumer(t.ctx, jetstream.ConsumerConfig{Durable: "x"})
		t.fails(err, jetstream.ErrConsumerDoesNotExist)
		changed, err := stream.UpdateConsumer(t.ctx, jetstream.ConsumerConfig{Durable: "a", Description: "other", AckWait: time.Minute, MaxAckPending: 5})
		t.must(err)
		t.equal(changed.CachedInfo().Config.AckWait, time.Minute)
		_, err = stream.UpdateConsumer(t.ctx, jetstream.ConsumerConfig{Durable: "a", DeliverPolicy: jetstream.DeliverNewPolicy})
		t.fails(err, "err_code=10012 description=deliver policy can not be updated")
		again, err := stream.CreateOrUpdateConsumer(t.ctx, jetstream.ConsumerConfig{Durable: "d"})
		t.must(err)
		t.equal(again.CachedInfo().Name, "d")
		info, err := stream.Info(t.ctx)
		t.must(err)
		t.equal(info.State.Consumers, 3)
	})
	add("consumer/acknowledgements", func(t *T) {
		_, stream := t.tenRevisions()
		consumer := made(t, stream, jetstream.ConsumerConfig{AckPolicy: jetstream.AckExplicitPolicy, InactiveThreshold: time.Minute})
		batch := t.fetch(consumer, 4)
		t.must(batch[0].DoubleAck(t.ctx))
		t.must(batch[2].NakWithDelay(time.Hour))
		t.must(batch[3].TermWithReason("not wanted"))
		// Asking for an answer waits until the server has seen all of them.
		_, err := t.nc.Request(batch[1].Reply(), []byte("-NAK"), patience)
		t.must(err)
		t.equal(t.sequences(consumer, 1), []uint64{2})
		info, err := consumer.Info(t.ctx)
		t.must(err)
		t.equal([]any{info.NumPending, info.NumAckPending, info.NumRedelivered, info.AckFloor.Stream}, []any{uint64(6), 2, 1, uint64(1)})
		all := made(t, stream, jetstream.ConsumerConfig{AckPolicy: jetstream.AckAllPolicy})
		batch = t.fetch(all, 5)
		t.must(batch[3].DoubleAck(t.ctx))
		info, err = all.Info(t.ctx)
		t.must(err)
		t.equal([]any{info.NumAckPending, info.AckFloor.Stream}, []any{1, uint64(4)})
		none := made(t, stream, jetstream.ConsumerConfig{AckPolicy: jetstream.AckNonePolicy})
		t.sequences(none, 10)
		info, err = none.Info(t.ctx)
		t.must(err)
		t.equal([]any{info.NumAckPending, info.AckFloor.Stream, info.Config.AckWait}, []any{0, uint64(10), time.Duration(0)})
	})
	add("consumer/redelivery", func(t *T) {
		kv, stream := t.tenRevisions()
		events, err := t.nc.SubscribeSync("$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.KV_" + kv.Bucket() + ".*")
		t.must(err)
		consumer := made(t, stream, jetstream.ConsumerConfig{AckWait: 2 * time.Second, MaxDeliver: 2, InactiveThreshold: time.Minute})
		first := t.fetch(consumer, 1)[0]
		t.must(first.InProgress())
		message := t.fetch(consumer, 9)
		for _, each := range message {
			t.must(each.DoubleAck(t.ctx))
		}
		again := t.fetch(consumer, 1)[0]
		metadata, err := again.Metadata()
		t.must(err)
		t.equal([]uint64{metadata.Sequence.Stream, metadata.NumDelivered}, []uint64{1, 2})
		// The server notices that this was the last time when somebody asks for more.
		waiting, err := consumer.Fetch(1, jetstream.FetchMaxWait(10*time.Second))
		t.must(err)
		_, err = events.NextMsg(patience)
		t.must(err)
		t.must(waiting.Error())
		backoff := made(t, stream, jetstream.ConsumerConfig{BackOff: []time.Duration{200 * time.Millisecond, 400 * time.Millisecond}, MaxDeliver: 3, MaxAckPending: 1})
		t.equal(backoff.CachedInfo().Config.AckWait, 200*time.Millisecond)
		for attempt := uint64(1); attempt <= 3; attempt++ {
			metadata, err = t.fetch(backoff, 1)[0].Metadata()
			t.must(err)
			t.equal([]uint64{metadata.Sequence.Stream, metadata.NumDelivered}, []uint64{1, attempt})
		}
	})
	add("consumer/pause", func(t *T) {
		_, stream := t.tenRevisions()
		consumer := made(t, stream, jetstream.ConsumerConfig{Durable: "p"})
		paused, err := stream.PauseConsumer(t.ctx, "p", time.Now().Add(time.Hour))
		t.must(err)
		t.check(paused.Paused && paused.PauseRemaining > 59*time.Minute, "the consumer is paused")
		batch, err := consumer.Fetch(1, jetstream.FetchMaxWait(200*time.Millisecond))
		t.must(err)
		for range batch.Messages() {
			t.fail("a paused consumer delivers")
		}
		info, err := consumer.Info(t.ctx)
		t.must(err)
		t.equal(info.Paused, true)
		resumed, err := stream.ResumeConsumer(t.ctx, "p")
		t.must(err)
		t.equal(resumed.Paused, false)
		t.equal(t.sequences(consumer, 1), []uint64{1})
	})
	add("consumer/reset", func(t *T) {
		kv, stream := t.tenRevisions()
		consumer := made(t, stream, jetstream.ConsumerConfig{Durable: "r"})
		t.sequences(consumer, 5)
		answer, err := t.js.ResetConsumerToSequence(t.ctx, "KV_"+kv.Bucket(), "r", 3)
		t.must(err)
		t.equal(answer.ResetSeq, uint64(3))
		t.equal(t.sequences(consumer, 2), []uint64{3, 4})
	})
	add("consumer/priority-groups", func(t *T) {
		kv, stream := t.tenRevisions()
		consumer := made(t, stream, jetstream.ConsumerConfig{
			Durable: "pinned", PriorityGroups: []string{"A"}, PriorityPolicy: jetstream.PriorityPolicyPinned, PinnedTTL: time.Minute,
		})
		message, err := consumer.Next(jetstream.FetchPriorityGroup("A"))
		t.must(err)
		t.check(message.Headers().Get("Nats-Pin-Id") != "", "the message tells who is pinned")
		info, err := consumer.Info(t.ctx)
		t.must(err)
		t.equal(len(info.PriorityGroups), 1)
		t.check(info.PriorityGroups[0].PinnedClientID != "", "the client is pinned")
		t.must(stream.UnpinConsumer(t.ctx, "pinned", "A"))
		answer := t.api("CONSUMER.UNPIN.KV_"+kv.Bucket()+".pinned", `{"group":"B"}`)
		t.refused(answer, 10160)
		overflow := made(t, stream, jetstream.ConsumerConfig{
			Durable: "overflow", PriorityGroups: []string{"A"}, PriorityPolicy: jetstream.PriorityPolicyOverflow,
		})
		batch, err := overflow.Fetch(5, jetstream.FetchPriorityGroup("A"), jetstream.FetchMinPending(5), jetstream.FetchMaxWait(patience))
		t.must(err)
		count := 0
		for range batch.Messages() {
			count++
		}
		t.equal(count, 5)
		first := made(t, stream, jetstream.ConsumerConfig{
			Durable: "first", PriorityGroups: []string{"A"}, PriorityPolicy: jetstream.PriorityPolicyPrioritized,
		})
		_, err = first.Next(jetstream.FetchPriorityGroup("A"), jetstream.FetchPrioritized(1))
		t.must(err)
	})
	add("consumer/inactive-threshold", func(t *T) {
		_, stream := t.tenRevisions()
		consumer := made(t, stream, jetstream.ConsumerConfig{InactiveThreshold: 200 * time.Millisecond})
		name := consumer.CachedInfo().Name
		t.eventually("the consumer is removed", func() bool {
			info, err := stream.Info(t.ctx)
			t.must(err)
			return info.State.Consumers == 0
		})
		_, err := stream.Consumer(t.ctx, name)
		t.fails(err, jetstream.ErrConsumerNotFound)
	})
	add("consumer/sampled", func(t *T) {
		kv, stream := t.tenRevisions()
		events, err := t.nc.SubscribeSync("$JS.EVENT.METRIC.CONSUMER.ACK.KV_" + kv.Bucket() + ".*")
		t.must(err)
		consumer := made(t, stream, jetstream.ConsumerConfig{SampleFrequency: "100"})
		t.must(t.fetch(consumer, 1)[0].DoubleAck(t.ctx))
		_, err = events.NextMsg(patience)
		t.must(err)
		_, err = stream.CreateConsumer(t.ctx, jetstream.ConsumerConfig{SampleFrequency: "x"})
		t.fails(err, "err_code=10095")
	})
	add("consumer/push", func(t *T) {
		kv, stream := t.tenRevisions()
		subject := t.name("deliver")
		consumer, err := stream.CreateOrUpdatePushConsumer(t.ctx, jetstream.ConsumerConfig{
			DeliverSubject: subject, AckPolicy: jetstream.AckExplicitPolicy, IdleHeartbeat: 300 * time.Millisecond, FlowControl: true,
			HeadersOnly: true, RateLimit: 1 << 30,
		})
		t.must(err)
		sub, err := t.nc.SubscribeSync(subject)
		t.must(err)
		// A heartbeat may come between messages if the machine is busy.
		next := func(beat bool) *nats.Msg {
			for {
				message, err := sub.NextMsg(patience)
				t.must(err)
				if (message.Header.Get("Status") != "") == beat {
					return message
				}
			}
		}
		for at := range 10 {
			message := next(false)
			t.equal(message.Subject, fmt.Sprintf("$KV.%s.k%d", kv.Bucket(), at%5))
			t.equal(len(message.Data), 0)
			t.check(message.Header.Get("Nats-Msg-Size") != "", "the size is told")
			t.must(message.Ack())
		}
		beat := next(true)
		for beat.Header.Get("Nats-Last-Consumer") != "10" {
			beat = next(true)
		}
		t.equal([]string{beat.Header.Get("Status"), beat.Header.Get("Description")}, []string{"100", "Idle Heartbeat"})
		t.equal(beat.Header.Get("Nats-Last-Stream"), "10")
		info, err := consumer.Info(t.ctx)
		t.must(err)
		t.equal(info.PushBound, true)
	})
	add("consumer/push-group", func(t *T) {
		_, stream := t.tenRevisions()
		subject := t.name("deliver")
		one, err := t.nc.QueueSubscribeSync(subject, "g")
		t.must(err)
		two, err := t.nc.QueueSubscribeSync(subject, "g")
		t.must(err)
		_, err = stream.CreateOrUpdatePushConsumer(t.ctx, jetstream.ConsumerConfig{
			Durable: "group", DeliverSubject: subject, DeliverGroup: "g", AckPolicy: jetstream.AckNonePolicy,
		})
		t.must(err)
		t.eventually("each message goes to one of them", func() bool {
			first, _, _ := one.Pending()
			second, _, _ := two.Pending()
			return first+second == 10
		})
	})
	add("consumer/flow-control", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{Storage: jetstream.MemoryStorage})
		for at := range 300 {
			_, err := t.js.PublishAsync(fmt.Sprintf("$KV.%s.k%d", kv.Bucket(), at), make([]byte, 20000))
			t.must(err)
		}
		<-t.js.PublishAsyncComplete()
		subject, asked, got := t.name("deliver"), 0, 0
		sub, err := t.nc.SubscribeSync(subject)
		t.must(err)
		_, err = t.stream(kv).CreateOrUpdatePushConsumer(t.ctx, jetstream.ConsumerConfig{
			DeliverSubject: subject, AckPolicy: jetstream.AckNonePolicy, IdleHeartbeat: 2 * time.Second, FlowControl: true,
		})
		t.must(err)
		for got < 300 {
			message, err := sub.NextMsg(patience)
			t.must(err)
			if message.Header.Get("Status") == "" {
				got++
			} else if message.Header.Get("Description") == "FlowControl Request" {
				asked++
				t.must(t.nc.Publish(message.Reply, nil))
			} else if stalled := message.Header.Get("Nats-Consumer-Stalled"); stalled != "" {
				t.must(t.nc.Publish(stalled, nil))
			}
		}
		t.check(asked > 0, "flow control asks")
	})
	add("consumer/ordered", func(t *T) {
		kv, _ := t.tenRevisions()
		consumer, err := t.js.OrderedConsumer(t.ctx, "KV_"+kv.Bucket(), jetstream.OrderedConsumerConfig{
			FilterSubjects: []string{"$KV." + kv.Bucket() + ".k1", "$KV." + kv.Bucket() + ".k2"}, HeadersOnly: true,
			Metadata: map[string]string{"a": "b"},
		})
		t.must(err)
		t.equal(t.sequences(consumer, 4), []uint64{2, 3, 7, 8})
	})
	add("consumer/events", func(t *T) {
		events := make(chan *nats.Msg, 100)
		_, err := t.nc.ChanSubscribe("$JS.EVENT.ADVISORY.>", events)
		t.must(err)
		kv, stream := t.tenRevisions()
		consumer := made(t, stream, jetstream.ConsumerConfig{Durable: "c"})
		t.must(t.fetch(consumer, 1)[0].TermWithReason("because"))
		t.must(t.fetch(consumer, 1)[0].Nak())
		_, err = stream.PauseConsumer(t.ctx, "c", time.Now().Add(time.Hour))
		t.must(err)
		t.must(stream.DeleteConsumer(t.ctx, "c"))
		_, err = t.js.UpdateKeyValue(t.ctx, jetstream.KeyValueConfig{Bucket: kv.Bucket(), History: 11})
		t.must(err)
		t.must(t.js.DeleteKeyValue(t.ctx, kv.Bucket()))
		name := "KV_" + kv.Bucket()
		missing := map[string]bool{
			"STREAM.CREATED." + name: true, "STREAM.UPDATED." + name: true, "STREAM.DELETED." + name: true,
			"CONSUMER.CREATED." + name + ".c": true, "CONSUMER.DELETED." + name + ".c": true, "CONSUMER.PAUSE." + name + ".c": true,
			"CONSUMER.MSG_TERMINATED." + name + ".c": true, "CONSUMER.MSG_NAKED." + name + ".c": true, "API": true,
		}
		for len(missing) > 0 {
			select {
			case event := <-events:
				delete(missing, event.Subject[len("$JS.EVENT.ADVISORY."):])
			case <-time.After(patience):
				t.fail("these events do not come: %v", missing)
			}
		}
	})
}
