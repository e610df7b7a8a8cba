use super::*;

#[test]
fn a_script_is_read_back_as_it_was_printed() {
    for area in Area::ALL {
        for seed in 0..40 {
            let script = area.script(seed);
            let text = script.to_string();
            assert_eq!(text.parse::<Script>().unwrap(), script, "{text}");
        }
    }
}

#[test]
fn any_bytes_survive_quotes() {
    let bytes: Vec<u8> = (0..=255).collect();
    let text = quoted(&bytes);
    assert_eq!(items(&text), Ok(vec![Item::Quoted(bytes)]), "{text}");
}

#[test]
fn what_is_no_script_is_refused_by_line() {
    for (text, line) in [
        ("", 1),
        ("area publish seed x", 1),
        ("area nowhere seed 1", 1),
        ("area publish seed 1\n\n1 c0 dance pong", 3),
        ("area publish seed 1\n1 c0 raw \"a pong", 2),
        ("area publish seed 1\n1 c0 raw \"a\" pong more", 2),
        ("area publish seed 1\n1 x0 close pong", 2),
    ] {
        match text.parse::<Script>() {
            Err(DifferError::Script { line: found, .. }) => assert_eq!(found, line, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}
