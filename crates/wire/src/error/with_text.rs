//! Errors whose text says what it is about, in the order of their numbers (PROTOCOL 9.1).

use super::ApiError;
use std::fmt::Display;

/// Declares a function for each row, whose parameters stand in the text, and the list of all rows.
macro_rules! with_text {
    ($($err_code:literal $code:literal $name:ident($($part:ident),+) $text:literal,)*) => {
        $(
            #[doc = concat!("`", $code, "/", $err_code, " \"", $text, "\"`")]
            #[must_use]
            pub fn $name($($part: impl Display),+) -> ApiError {
                ApiError { code: $code, err_code: $err_code, description: format!($text).into() }
            }
        )*

        /// Every error of this file: error code, code and text with its placeholders.
        pub(super) const ROWS: &[(u16, u16, &str)] = &[$(($err_code, $code, $text)),*];
    };
}

with_text! {
    10005 400 no_peers(err) "{err}",
    10012 500 consumer_create(err) "{err}",
    10021 400 external_api_overlap(prefix, subject) "stream external api prefix {prefix} must not overlap with {subject}",
    10022 400 external_delivery_overlap(prefix, subject) "stream external delivery prefix {prefix} overlaps with stream subject {subject}",
    10024 400 external_delivery_wildcards(prefix) "stream external delivery prefix {prefix} must not contain wildcards",
    10025 400 invalid_json(err) "invalid JSON: {err}",
    10029 500 mirror_consumer_setup(err) "{err}",
    10043 400 sequence_not_found(seq) "sequence {seq} not found",
    10049 500 stream_create(err) "{err}",
    10050 500 stream_delete(err) "{err}",
    10052 500 stream_invalid_config(err) "{err}",
    10057 500 message_delete(err) "{err}",
    10062 500 stream_restore(err) "restore failed: {err}",
    10064 500 stream_snapshot(err) "snapshot failed: {err}",
    10069 500 stream_update(err) "{err}",
    10070 400 wrong_last_msg_id(id) "wrong last msg ID: {id}",
    10071 400 wrong_last_sequence(seq) "wrong last sequence: {seq}",
    10077 503 stream_store_failed(err) "{err}",
    10094 400 consumer_invalid_policy(err) "{err}",
    10095 400 consumer_invalid_sampling(err) "failed to parse consumer sampling configuration: {err}",
    10102 400 consumer_name_too_long(max) "consumer name is too long, maximum allowed is {max}",
    10104 500 consumer_store(err) "error creating store for consumer: {err}",
    10107 400 consumer_description_too_long(max) "consumer description is too long, maximum allowed is {max}",
    10110 500 stream_purge(err) "{err}",
    10111 500 stream_rollup(err) "{err}",
    10121 400 consumer_max_ack_pending_exceeded(limit) "consumer max ack pending exceeds system limit of {limit}",
    10125 400 consumer_max_request_batch_exceeded(limit) "consumer max request batch exceeds server limit of {limit}",
    10135 400 consumer_metadata_too_large(limit) "consumer metadata exceeds maximum size of {limit}",
    10145 400 source_invalid_transform_source(err) "source transform source: {err}",
    10146 400 source_invalid_transform_destination(err) "source transform: {err}",
    10151 400 mirror_invalid_transform_source(err) "mirror transform source: {err}",
    10153 400 consumer_inactive_threshold_exceeded(limit) "consumer inactive threshold exceeds system limit of {limit}",
    10154 400 mirror_invalid_transform_destination(err) "mirror transform: {err}",
    10155 400 stream_invalid_transform_source(err) "stream transform source: {err}",
    10156 400 stream_invalid_transform_destination(err) "stream transform: {err}",
    10157 400 pedantic(err) "pedantic mode: {err}",
    10177 400 atomic_unsupported_header(header) "atomic publish unsupported header used: {header}",
    10199 400 atomic_too_large(size) "atomic publish batch is too large: {size}",
    10204 400 consumer_invalid_reset(err) "invalid reset: {err}",
}
