use super::{ConsumerConfig, ConsumerError, CreateForm, CreateRequest};

fn resolve(
    form: CreateForm,
    name: &str,
    filter: Option<&str>,
    config: ConsumerConfig,
) -> Result<ConsumerConfig, ConsumerError> {
    CreateRequest { form, stream: "S", name, filter, stream_in_body: "S", config }.resolve()
}

fn named(durable_name: &str, name: &str) -> ConsumerConfig {
    ConsumerConfig { durable_name: durable_name.into(), name: name.into(), ..ConsumerConfig::default() }
}

fn filtered(filter: &str, filters: &[&str]) -> ConsumerConfig {
    ConsumerConfig {
        filter_subject: filter.into(),
        filter_subjects: filters.iter().map(|text| (*text).into()).collect(),
        ..ConsumerConfig::default()
    }
}

#[test]
fn the_name_in_the_subject_counts() {
    for (form, subject, durable, name, expected) in [
        (CreateForm::Named, "n1", "n1", "other", "n1"),
        (CreateForm::Named, "n1", "", "other", "n1"),
        (CreateForm::Durable, "n1", "n1", "", "n1"),
        (CreateForm::Unnamed, "", "", "own", "own"),
        (CreateForm::Unnamed, "", "", "", ""),
    ] {
        assert_eq!(resolve(form, subject, None, named(durable, name)).unwrap().name, expected);
    }
}

#[test]
fn what_does_not_go_together_is_refused() {
    use CreateForm::{Durable, Named, Unnamed};
    for (form, subject, filter, config, code) in [
        (Durable, "n", None, named("", "n"), 10018),
        (Durable, "n", None, named("m", "n"), 10017),
        (Durable, "n", None, named("n", "m"), 10132),
        (Named, "n", None, named("m", ""), 10017),
        (Unnamed, "", None, named("m", ""), 10020),
        (Unnamed, "", None, named("", "a/b"), 10127),
        (Named, r"a\b", None, named("", ""), 10127),
        (Named, "n", Some("a"), filtered("", &["a"]), 10137),
        (Named, "n", Some("a"), filtered("b", &[]), 10131),
        (Named, "n", Some("a"), filtered("", &[]), 10131),
        (Named, "n", Some("a"), ConsumerConfig { num_replicas: 3, ..filtered("b", &[]) }, 10131),
        (Named, "n", None, ConsumerConfig { num_replicas: 3, ..named("", "") }, 10074),
    ] {
        assert_eq!(resolve(form, subject, filter, config).unwrap_err().err_code(), code);
    }
    assert!(resolve(Named, "n", Some("a.>"), filtered("a.>", &[])).is_ok());
    let config = ConsumerConfig::default();
    let other =
        CreateRequest { form: Unnamed, stream: "S", name: "", filter: None, stream_in_body: "T", config };
    assert_eq!(other.resolve().unwrap_err().err_code(), 10056);
}
