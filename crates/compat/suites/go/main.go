// Everything that nats.go offers for key/value buckets, in its new and its old API, and what lies below them: streams,
// publishing, consumers, and the requests that no function of the client makes.
package main

func main() {
	run()
}
