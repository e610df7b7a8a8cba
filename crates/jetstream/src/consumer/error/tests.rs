use super::{ConsumerError, DeliverPolicy, StartOption};

#[test]
fn texts_and_numbers_are_the_reference_s() {
    let policy = DeliverPolicy::ByStartTime;
    for (error, status, code, text) in [
        (ConsumerError::NotFound, 404, 10014, "consumer not found"),
        (ConsumerError::Replicas, 500, 10074, "replicas > 1 not supported in non-clustered mode"),
        (ConsumerError::NameInvalid, 500, 10052, r"consumer name can not contain '.', '*', '>', '\', '/'"),
        (ConsumerError::NameTooLong, 500, 10012, "error creating store for consumer"),
        (ConsumerError::TooManyConsumers, 400, 10026, "maximum consumers limit reached"),
        (
            ConsumerError::StartAlsoSet { policy, option: StartOption::Sequence },
            400,
            10094,
            "consumer delivery policy is deliver by start time, but optional start start sequence is also set",
        ),
        (
            ConsumerError::StartNotSet { policy: DeliverPolicy::LastPerSubject, option: StartOption::Filter },
            400,
            10094,
            "consumer delivery policy is deliver last per subject, but optional filter subject is not set",
        ),
    ] {
        assert_eq!((error.status_code(), error.err_code(), error.to_string().as_str()), (status, code, text));
    }
}
