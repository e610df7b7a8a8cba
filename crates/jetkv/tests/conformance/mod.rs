//! The behaviour of the key/value store as rules over its public API. Every place has to obey them; a test file names the
//! places it runs them at: `conformance_suite!(file)` calls every rule with `crate::places::file()`.

pub(crate) mod batches;
pub(crate) mod buckets;
pub(crate) mod deletes;
pub(crate) mod expiry;
pub(crate) mod histories;
pub(crate) mod listings;
pub(crate) mod names;
pub(crate) mod refusals;
pub(crate) mod restore;
pub(crate) mod snapshots;
pub(crate) mod statuses;
pub(crate) mod values;
pub(crate) mod watches;

use jetkv::blocking::{JetStream, KeyValue, Watcher};
use jetkv::{Entry, KeyValueConfig, KvError, Storage, WatchEvent};
use std::any::Any;
use std::time::Duration;

/// A server under load may take its time; only a rule that is broken waits so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a place is; a few rules name the error that another place gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "a test file has some of the places")]
pub(crate) enum Place {
    /// In this process.
    Embedded,
    /// One server.
    Server,
    /// Servers that replicate.
    Cluster,
}

/// An empty place to test.
pub(crate) struct World {
    pub(crate) js: JetStream,
    /// What it is.
    pub(crate) place: Place,
    /// Where buckets are created.
    pub(crate) storage: Storage,
    /// Lets time pass, and what is due happen.
    pub(crate) advance: Box<dyn Fn(Duration)>,
    /// What must live as long as the place.
    pub(crate) _keep: Box<dyn Any>,
}

impl World {
    pub(crate) fn config(&self, bucket: &str) -> KeyValueConfig {
        let replicas = if self.place == Place::Cluster { 3 } else { 1 };
        KeyValueConfig::new(bucket).storage(self.storage).replicas(replicas)
    }

    /// Says whether what only a store in this process has must be refused; `refused` is what came of it then.
    pub(crate) fn refuses<T: std::fmt::Debug>(&self, call: impl FnOnce() -> Result<T, KvError>) -> bool {
        if self.place == Place::Embedded {
            return false;
        }
        let error = call().unwrap_err();
        assert!(matches!(&error, KvError::Unsupported { place: "remote", .. }), "{error:?}");
        assert!(error.to_string().contains("remote"), "{error}");
        true
    }

    pub(crate) fn bucket(&self) -> KeyValue {
        self.with(self.config("b"))
    }

    pub(crate) fn bucket_with_history(&self, history: u32) -> KeyValue {
        self.with(self.config("b").history(history))
    }

    pub(crate) fn with(&self, config: KeyValueConfig) -> KeyValue {
        self.js.create_key_value(config).unwrap()
    }

    pub(crate) fn advance(&self, span: Duration) {
        (self.advance)(span);
    }
}

/// Writes an entry as `PUT key=value`, `DELETE key` or `PURGE key`.
pub(crate) fn line(entry: &Entry) -> String {
    let operation = format!("{:?}", entry.operation).to_uppercase();
    if entry.operation.is_marker() {
        format!("{operation} {}", entry.key)
    } else {
        format!("{operation} {}={}", entry.key, entry.value_str().unwrap())
    }
}

pub(crate) fn lines(entries: &[Entry]) -> Vec<String> {
    entries.iter().map(line).collect()
}

/// Waits until a watcher has had so many events, and returns them with whatever comes beyond them: what does not come within the time
/// that the place may need is not there.
pub(crate) fn events(watcher: &mut Watcher, count: usize) -> Vec<WatchEvent> {
    let mut events = Vec::new();
    loop {
        let patience = if events.len() < count { PATIENCE } else { crate::places::SETTLES_IN };
        match watcher.next_timeout(patience).unwrap() {
            Some(event) => events.push(event),
            None => return events,
        }
    }
}

/// As [`events`], with the end of the first set as `END`.
pub(crate) fn drain(watcher: &mut Watcher, count: usize) -> Vec<String> {
    let line = |event| match event {
        WatchEvent::Entry(entry) => line(&entry),
        WatchEvent::EndOfInitial => "END".into(),
    };
    events(watcher, count).into_iter().map(line).collect()
}

/// Checks what a watcher has now.
#[track_caller]
pub(crate) fn assert_yields(watcher: &mut Watcher, expected: &[&str]) {
    assert_eq!(drain(watcher, expected.len()), expected);
}

/// Returns the value of a key as text.
pub(crate) fn value(kv: &KeyValue, key: &str) -> Option<String> {
    kv.get(key).unwrap().map(|entry| entry.value_str().unwrap().to_owned())
}

/// Checks that a call fails with an error that matches, and that the error's text holds every word given.
macro_rules! assert_refused {
    ($call:expr, $pattern:pat $(if $guard:expr)?, $($word:expr),+ $(,)?) => {{
        let error = $call.map(drop).unwrap_err();
        assert!(matches!(&error, $pattern $(if $guard)?), "{error:?}");
        for word in [$($word.to_string()),+] {
            assert!(error.to_string().contains(&word), "{word:?} is missing in {error}");
        }
    }};
}
pub(crate) use assert_refused;

/// Makes a test of every rule at one place.
macro_rules! conformance_suite {
    ($(#[$attribute:meta])? $place:ident) => {
        mod $place {
            crate::conformance::conformance_suite! { @rules [$(#[$attribute])?] $place
                restore {
                    a_restored_bucket_has_the_same_entries_and_goes_on_counting
                    a_restore_of_nothing_or_too_much_is_refused
                }
                snapshots {
                    a_snapshot_holds_what_was_there_whatever_comes
                    a_snapshot_under_writers_is_a_prefix
                }
                batches {
                    a_batch_gets_adjacent_revisions
                    a_refused_write_undoes_the_whole_batch
                    later_writes_see_earlier_ones
                    the_refusal_names_the_key
                    a_batch_holds_every_kind_of_write
                    an_empty_batch_does_nothing
                    too_large_a_batch_is_refused
                    bad_keys_in_a_batch_are_refused_before_anything_is_written
                }
                buckets {
                    a_new_bucket_is_empty_and_listed
                    creating_the_same_again_opens_it
                    creating_another_configuration_is_a_conflict
                    opening_a_missing_bucket_fails
                    deleting_a_bucket_removes_it_for_good
                    handles_of_a_deleted_bucket_say_so
                    updating_changes_the_configuration_at_once
                    updating_a_missing_bucket_fails
                    storage_cannot_be_updated
                    create_or_update_does_either
                    every_option_survives
                    server_metadata_is_left_out
                    buckets_do_not_see_each_other
                    handles_share_entries
                }
                deletes {
                    delete_leaves_a_marker_and_the_history
                    delete_of_an_absent_key_writes_a_marker
                    purge_leaves_one_marker
                    conditional_deletes_check_the_revision
                    purge_deletes_removes_old_markers_and_trims_young_ones
                    purge_deletes_leaves_values_alone
                    empty_removes_everything_and_revisions_go_on
                }
                expiry {
                    the_bucket_ttl_removes_entries
                    a_key_ttl_removes_one_entry
                    never_outlives_the_bucket_ttl
                    expiry_without_markers_is_silent
                    expiry_with_markers_shows_a_purge
                    markers_go_by_themselves
                    create_works_after_expiry
                    a_purge_marker_with_ttl_goes_without_another_marker
                    fractions_of_a_second_are_cut_off
                    a_short_ttl_is_raised_to_the_marker_ttl_in_a_history
                }
                histories {
                    history_is_bounded_by_its_depth
                    history_of_one_keeps_the_last
                    history_counts_down
                    history_of_an_unknown_key_is_empty
                    history_of_a_filter_is_in_revision_order
                    history_options_leave_out
                    the_deepest_history_holds_64
                }
                listings {
                    keys_leave_out_deleted_ones
                    keys_come_in_token_order
                    filters_select
                    overlapping_filters_name_a_key_once
                    pages_follow_each_other
                    pages_tell_what_is_known_of_keys
                    pages_skip_markers_unless_asked
                    page_limits_are_checked
                    count_counts_keys_with_a_value
                }
                names {
                    bad_buckets_are_refused_by_name
                    bad_keys_are_refused_by_every_function
                    bad_filters_are_refused_by_every_function
                    nothing_is_written_for_a_bad_key
                    unusual_keys_work
                    keys_are_case_sensitive
                }
                refusals {
                    histories_out_of_range
                    sizes_out_of_range
                    times_out_of_range
                    texts_out_of_range
                    options_that_the_place_does_not_have
                    options_that_servers_have
                    per_key_ttls_out_of_range
                    reserved_and_broken_headers
                    values_that_are_too_large
                    a_full_bucket
                    contradicting_watch_options
                }
                statuses {
                    figures_of_a_fresh_bucket
                    figures_count_revisions_and_keys
                    all_statuses_are_sorted
                    a_healthy_store_has_no_damage
                    a_check_reads_everything
                    compaction_keeps_what_lives
                    a_closed_store_says_so
                }
                values {
                    put_and_get
                    any_bytes_are_a_value
                    revisions_count_writes_of_the_bucket
                    create_wants_no_value
                    create_works_over_markers
                    of_many_creates_one_wins
                    update_wants_the_revision
                    update_against_a_marker_wants_its_revision
                    update_with_0_wants_no_entry_at_all
                    no_increment_is_lost
                    get_revision_is_about_one_key
                    headers_are_kept
                    put_string_is_put
                }
                watches {
                    a_watch_yields_the_last_entries_then_the_mark_then_changes
                    an_empty_bucket_yields_the_mark_at_once
                    a_filter_selects
                    several_filters_yield_each_change_once
                    history_may_be_included
                    deletes_may_be_ignored
                    updates_only_begins_with_the_mark
                    meta_only_leaves_values_out
                    a_watch_can_be_resumed
                    resuming_in_the_future_waits
                    delta_counts_the_first_set_down
                    a_replaced_entry_of_the_first_set_comes_in_its_new_form
                    a_stopped_watch_yields_nothing
                    a_watch_of_a_deleted_bucket_ends_with_an_error
                    waiting_is_woken_by_a_write
                    a_timeout_is_no_event
                    many_watchers_see_the_same
                }
            }
        }
    };
    (@rules $attributes:tt $place:ident $($module:ident { $($rule:ident)* })*) => {
        $(mod $module {
            $(crate::conformance::conformance_suite! { @rule $attributes $place $module $rule })*
        })*
    };
    (@rule [$($attribute:tt)*] $place:ident $module:ident $rule:ident) => {
        #[test]
        $($attribute)*
        fn $rule() {
            crate::conformance::$module::$rule(&crate::places::$place());
        }
    };
}
pub(crate) use conformance_suite;
