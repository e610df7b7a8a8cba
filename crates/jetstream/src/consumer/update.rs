//! What may change of a consumer (PROTOCOL 2.6.4).

use super::{ConsumerConfig, ConsumerError, Interest};

/// Checks a change, both sides normalised, in the order in which the reference finds fault; `interest` is that at the old
/// deliver subject.
pub(super) fn check(
    old: &ConsumerConfig,
    new: &ConsumerConfig,
    interest: Interest,
) -> Result<(), ConsumerError> {
    let refused = |reason| Err(ConsumerError::Update { reason });
    if old.deliver_policy != new.deliver_policy {
        return refused("deliver policy can not be updated");
    }
    if old.mem_storage != new.mem_storage {
        return refused("storage type can not be updated");
    }
    if old.opt_start_seq != new.opt_start_seq {
        return refused("start sequence can not be updated");
    }
    if old.opt_start_time.map(|zoned| zoned.time) != new.opt_start_time.map(|zoned| zoned.time) {
        return refused("start time can not be updated");
    }
    if old.ack_policy != new.ack_policy {
        return refused("ack policy can not be updated");
    }
    if old.replay_policy != new.replay_policy {
        return refused("replay policy can not be updated");
    }
    if old.idle_heartbeat != new.idle_heartbeat {
        return refused("heart beats can not be updated");
    }
    if old.flow_control != new.flow_control {
        return refused("flow control can not be updated");
    }
    if old.deliver_subject != new.deliver_subject {
        if !old.is_push() {
            return refused("can not update pull consumer to push based");
        }
        if !new.is_push() {
            return refused("can not update push consumer to pull based");
        }
        if interest == Interest::Present {
            return Err(ConsumerError::NameInUse);
        }
    }
    if old.max_waiting != new.max_waiting {
        return refused("max waiting can not be updated");
    }
    Ok(())
}
