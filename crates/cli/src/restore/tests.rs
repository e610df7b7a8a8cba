use super::*;

fn item(ttl: Option<Lifetime>, created_secs: u64) -> Item {
    let created =
        format!(r#"{{"key":"a","value":"x","created":"{}"}}"#, Timestamp::from_nanos(created_secs * SECOND));
    Item { ttl, ..Item::parse(created.as_bytes()).unwrap() }
}

fn left(ttl_secs: u64, created_secs: u64, now_secs: u64) -> Option<u64> {
    let mut item = item(Some(Lifetime::For(Duration::from_secs(ttl_secs))), created_secs);
    let lives = lives_on(&mut item, Timestamp::from_nanos(now_secs * SECOND));
    let Some(Lifetime::For(left)) = item.ttl else { panic!("the lifetime is gone") };
    lives.then_some(left.as_secs())
}

#[test]
fn a_restored_entry_lives_only_for_the_rest_of_its_time() {
    assert_eq!(left(60, 100, 100), Some(60));
    assert_eq!(left(60, 100, 130), Some(30));
    assert_eq!(left(60, 100, 160), None);
    assert_eq!(left(60, 100, 1_000), None);
}

#[test]
fn an_entry_without_a_lifetime_stays() {
    let now = Timestamp::from_nanos(1_000 * SECOND);
    assert!(lives_on(&mut item(None, 1), now));
    assert!(lives_on(&mut item(Some(Lifetime::Never), 1), now));
}

const SECOND: u64 = 1_000_000_000;
