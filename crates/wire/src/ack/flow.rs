//! The subject at which a flow control request is answered, `$JS.FC.…`.

/// What every such subject begins with.
pub const FLOW_PREFIX: &[u8] = b"$JS.FC.";

/// Names one flow control request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlowControl<'a> {
    /// The stream of the consumer.
    pub stream: &'a str,
    /// The consumer that asks.
    pub consumer: &'a str,
    /// Tells this request from others; four characters in the reference.
    pub token: &'a str,
}

impl<'a> FlowControl<'a> {
    /// Appends the subject.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(FLOW_PREFIX);
        out.extend_from_slice(self.stream.as_bytes());
        out.push(b'.');
        out.extend_from_slice(self.consumer.as_bytes());
        out.push(b'.');
        out.extend_from_slice(self.token.as_bytes());
    }

    /// Reads the subject; none for anything else.
    #[must_use]
    pub fn parse(subject: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(subject.strip_prefix(FLOW_PREFIX)?).ok()?;
        let mut tokens = text.split('.');
        let (stream, consumer, token) = (tokens.next()?, tokens.next()?, tokens.next()?);
        let whole = tokens.next().is_none() && ![stream, consumer, token].contains(&"");
        whole.then_some(Self { stream, consumer, token })
    }
}
