use super::*;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use futures_core::Stream;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

/// So many bytes, one by one, and no end.
struct Endless(usize);

impl Stream for Endless {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.0.checked_sub(1) {
            Some(left) => {
                self.0 = left;
                Poll::Ready(Some(Ok(Bytes::from_static(b"x"))))
            }
            None => Poll::Pending,
        }
    }
}

async fn refusal(body: Body) -> StatusCode {
    let refused = read_within(body, 10, Duration::from_millis(10)).await.unwrap_err();
    refused.into_response().status()
}

#[tokio::test]
async fn bodies_that_do_not_come_in_time_are_refused() {
    for bytes in [0, 3, 10] {
        assert_eq!(refusal(Body::from_stream(Endless(bytes))).await, StatusCode::REQUEST_TIMEOUT);
    }
}

#[tokio::test]
async fn bodies_that_are_too_large_are_refused_as_soon_as_that_is_known() {
    assert_eq!(refusal(Body::from_stream(Endless(11))).await, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(refusal(Body::from(vec![0; 11])).await, StatusCode::PAYLOAD_TOO_LARGE);
}
