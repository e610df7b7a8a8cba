use super::*;
use testkit::Rng;

/// Writes the numbers at once, and those at odd places as they are for messages.
fn text_of(numbers: &[u64]) -> String {
    let mut text = Numbers::new();
    for (place, number) in numbers.iter().enumerate() {
        if place > 0 {
            text.put_point();
        }
        if place % 2 == 1 {
            text.put_digits(&Digits::of(*number));
        } else {
            text.put(*number);
        }
    }
    String::from_utf8(text.text().to_vec()).unwrap()
}

fn expected(numbers: &[u64]) -> String {
    numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
}

#[test]
fn every_group_of_four_digits_is_written_in_both_halves() {
    for number in 0..10_000 {
        let both = number * 10_000 + number;
        assert_eq!(text_of(&[number]), number.to_string());
        assert_eq!(text_of(&[both]), both.to_string());
        assert_eq!(text_of(&[both + GROUP]), (both + GROUP).to_string());
    }
}

#[test]
fn zeros_stay_within_a_number_and_do_not_go_before_it() {
    let mut power: u64 = 1;
    for _ in 0..20 {
        for number in [power - 1, power, power + 1] {
            assert_eq!(text_of(&[number]), number.to_string());
        }
        power = power.saturating_mul(10).min(u64::MAX - 1);
    }
}

#[test]
fn five_of_the_longest_numbers_have_room() {
    let numbers = [u64::MAX; 5];
    assert_eq!(text_of(&numbers), expected(&numbers));
}

#[test]
fn numbers_of_any_length_are_written_as_the_standard_library_does() {
    let mut rng = Rng::new(1);
    for _ in 0..20_000 {
        let numbers = [(); 5].map(|()| rng.next_u64() >> rng.below(64));
        assert_eq!(text_of(&numbers), expected(&numbers));
    }
}
