//! Why a connection ends, and what its client is told (PROTOCOL 1.13).

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CloseReason {
    /// The client went away, or sent `-ERR`.
    ClientClosed,
    /// Reading failed.
    ReadError,
    /// Writing failed.
    WriteError,
    /// More bytes waited for it than allowed.
    SlowConsumerPending,
    /// A write made no progress for too long.
    SlowConsumerDeadline,
    /// The bytes were no valid operation; the text is for `-ERR`, if there is one.
    Protocol(Option<&'static str>),
    /// Wrong, missing or withdrawn credentials.
    Unauthorized,
    /// No valid CONNECT in time.
    AuthenticationTimeout,
    /// Pings were not answered.
    Stale,
    /// The server has as many connections as it may have.
    TooManyConnections,
    /// The account has as many connections as it may have.
    TooManyAccountConnections,
    /// The TLS handshake failed or took too long, or the client did not begin one.
    TlsHandshake,
    /// The server stops, or closes a lame duck's connections.
    ServerShutdown,
    /// Its user or account is not in the new configuration.
    CredentialsRevoked,
    /// An operator closed it.
    Kicked,
}

impl CloseReason {
    /// Returns the text of the last `-ERR`, if the client gets one.
    pub(crate) fn text(self) -> Option<&'static str> {
        match self {
            Self::Protocol(text) => text,
            Self::Unauthorized | Self::CredentialsRevoked => Some("Authorization Violation"),
            Self::AuthenticationTimeout => Some("Authentication Timeout"),
            Self::Stale => Some("Stale Connection"),
            Self::TooManyConnections => Some("maximum connections exceeded"),
            Self::TooManyAccountConnections => Some("maximum account active connections exceeded"),
            Self::TlsHandshake => Some("Secure Connection - TLS Required"),
            Self::ServerShutdown => None,
            Self::ClientClosed
            | Self::ReadError
            | Self::WriteError
            | Self::SlowConsumerPending
            | Self::SlowConsumerDeadline
            | Self::Kicked => None,
        }
    }

    /// Returns the reason as monitoring names it (`/connz?state=closed`).
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ClientClosed => "Client Closed",
            Self::ReadError => "Read Error",
            Self::WriteError => "Write Error",
            Self::SlowConsumerPending => "Slow Consumer (Pending Bytes)",
            Self::SlowConsumerDeadline => "Slow Consumer (Write Deadline)",
            Self::Protocol(Some("Maximum Payload Violation")) => "Maximum Message Payload Exceeded",
            Self::Protocol(Some("maximum control line exceeded")) => "Maximum Control Line Exceeded",
            Self::Protocol(_) => "Protocol Violation",
            Self::Unauthorized => "Authentication Failure",
            Self::AuthenticationTimeout => "Authentication Timeout",
            Self::Stale => "Stale Connection",
            Self::TooManyConnections => "Maximum Connections Exceeded",
            Self::TooManyAccountConnections => "Maximum Account Connections Exceeded",
            Self::TlsHandshake => "TLS Handshake Failure",
            Self::ServerShutdown => "Server Shutdown",
            Self::CredentialsRevoked => "Credentials Revoked",
            Self::Kicked => "Kicked",
        }
    }

    /// Says whether the client is there and can take what is left for it.
    pub(crate) fn leaves_client(self) -> bool {
        !matches!(self, Self::ClientClosed | Self::ReadError | Self::WriteError) && !self.is_slow_consumer()
    }

    /// Says whether the client was too slow.
    pub(crate) fn is_slow_consumer(self) -> bool {
        matches!(self, Self::SlowConsumerPending | Self::SlowConsumerDeadline)
    }
}
