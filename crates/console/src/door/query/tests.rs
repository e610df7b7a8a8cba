use super::*;

#[test]
fn unknown_and_repeated_parameters_are_refused() {
    assert!(Query::read("a=1&b").only(&["a", "b"]).is_ok());
    assert!(Query::read("c=1").only(&["a", "b"]).is_err());
    assert!(Query::read("a=1&a=2").only(&["a"]).is_err());
    assert!(Query::read("filter=a&filter=b").only(&["filter"]).is_ok());
}

#[test]
fn values_are_decoded_and_read() {
    let query = Query::read("t=a%20b+c&n=7&s=1h30m&on&off=false&bad=x");
    assert_eq!(query.text("t"), Some("a b c"));
    assert_eq!(query.number("n").unwrap(), Some(7));
    assert_eq!(query.span("s").unwrap(), Some(Duration::from_secs(5400)));
    assert!(query.flag("on").unwrap());
    assert!(!query.flag("off").unwrap());
    assert!(!query.flag("absent").unwrap());
    assert!(query.flag("bad").is_err() && query.number("bad").is_err() && query.span("bad").is_err());
}
