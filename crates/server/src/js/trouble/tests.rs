use super::*;

#[test]
fn what_is_full_is_told_at_once_and_its_end_when_it_lasts() {
    let mut room = Room::default();
    let mut check = |is_full: bool, looks: u32, told: &[bool]| {
        let changes: Vec<bool> = (0..looks).filter_map(|_| room.look(is_full)).collect();
        assert_eq!(changes, told);
    };
    check(false, 20, &[]);
    check(true, 20, &[true]);
    for _ in 0..5 {
        check(false, LOOKS_WITH_ROOM - 1, &[]);
        check(true, 1, &[]);
    }
    check(false, LOOKS_WITH_ROOM, &[false]);
    check(false, 20, &[]);
    check(true, 1, &[true]);
}
