// Everything that nats.js offers for key/value buckets, against the server given as argument.
import "./buckets.mjs";
import "./expiry.mjs";
import "./lists.mjs";
import "./reconnect.mjs";
import "./streams.mjs";
import "./values.mjs";
import "./watches.mjs";
import { main } from "./frame.mjs";

await main();
