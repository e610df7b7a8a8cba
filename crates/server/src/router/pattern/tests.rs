use super::{is_subset, matches, overlaps};

fn bytes(text: &str) -> &[u8] {
    text.as_bytes()
}

#[test]
fn relations_of_patterns_follow_from_the_subjects_that_match() {
    // All patterns and all subjects over a small alphabet, up to three tokens.
    let tokens = ["a", "b", "*", ">"];
    let mut patterns: Vec<String> = Vec::new();
    for first in tokens {
        patterns.push(first.to_owned());
        for second in tokens {
            patterns.push(format!("{first}.{second}"));
            patterns.extend(tokens.map(|third| format!("{first}.{second}.{third}")));
        }
    }
    patterns.retain(|pattern| jetkv_wire::subject::valid_subscription(bytes(pattern)));
    // `c` stands for everything that patterns do not name; a fourth token for everything longer.
    let letters = ["a", "b", "c"];
    let mut subjects: Vec<String> = letters.iter().map(|&each| each.to_owned()).collect();
    let mut longest = subjects.clone();
    for _ in 0..3 {
        longest = longest.iter().flat_map(|head| letters.map(|letter| format!("{head}.{letter}"))).collect();
        subjects.extend(longest.iter().cloned());
    }
    for left in &patterns {
        for right in &patterns {
            let (left, right) = (bytes(left), bytes(right));
            let both = |subject: &String| matches(left, bytes(subject)) && matches(right, bytes(subject));
            assert_eq!(overlaps(left, right), subjects.iter().any(both));
            let inner = |subject: &String| !matches(left, bytes(subject)) || matches(right, bytes(subject));
            assert_eq!(is_subset(left, right), subjects.iter().all(inner));
        }
    }
}
