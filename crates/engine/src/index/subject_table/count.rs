//! Counting subjects without visiting them.

use super::SubjectTable;
use super::id::{Ref, SubjectId, Target};
use super::matching::{Hit, Matching};
use super::order::{compare, edge_of};
use super::text::common_len;
use super::tree::Order;
use std::ops::Bound;

impl SubjectTable {
    /// Returns the number of subjects that start with the bytes `prefix`; cost: the length of the prefix.
    #[cfg_attr(not(test), expect(dead_code, reason = "paging by position is a tool of the console to come"))]
    #[must_use]
    pub(crate) fn count_prefix(&self, prefix: &[u8]) -> usize {
        let tree = self.tree();
        tree.order.weight(tree.locate(prefix))
    }

    /// Returns the number of subjects that match `pattern`, the text of a subject filter.
    ///
    /// Cost: the length of a pattern without `*`; else the number of tokens in the place of each `*`.
    #[must_use]
    pub(crate) fn count_matching(&self, pattern: &str) -> usize {
        let mut matching = Matching::new(self, pattern.as_bytes(), Bound::Unbounded);
        let mut count = 0;
        while let Some(hit) = matching.next_hit() {
            count += match hit {
                Hit::Subject(_) => 1,
                Hit::Subtree(node) => matching.weight(node),
            };
        }
        count
    }

    /// Returns the number of subjects before `key` in order; `key` need not be in the table.
    #[cfg_attr(not(test), expect(dead_code, reason = "paging by position is a tool of the console to come"))]
    #[must_use]
    pub(crate) fn rank(&self, key: &[u8]) -> usize {
        let tree = self.tree();
        let Order { root, nodes, texts } = tree.order;
        let (mut at, mut rest, mut before) = (*root, key, 0);
        loop {
            let node = match at.target() {
                Target::Node(node) => node,
                Target::Leaf(id, _) => {
                    let tail = tree.tail(id, key.len() - rest.len());
                    return before + usize::from(compare(tail, rest).is_lt());
                }
                Target::Nothing => return before,
            };
            let header = nodes.header(node);
            let prefix = texts.slice(&header.prefix);
            let common = common_len(prefix, rest);
            if common < prefix.len() {
                let is_before = compare(prefix, rest).is_lt();
                return if is_before { before + tree.order.weight(at) } else { before };
            }
            let Some((&byte, tail)) = rest[common..].split_first() else { return before };
            before += tree.order.weight(header.terminal);
            let edge = edge_of(byte);
            let node = nodes.node(node);
            let mut from = 0;
            while let Some((sibling, child)) = node.next_child(from).filter(|&(sibling, _)| sibling < edge) {
                before += tree.order.weight(child);
                from = u16::from(sibling) + 1;
            }
            at = node.child(edge);
            rest = tail;
        }
    }

    /// Returns the subject with `position` others before it.
    #[cfg_attr(not(test), expect(dead_code, reason = "paging by position is a tool of the console to come"))]
    #[must_use]
    pub(crate) fn nth(&self, position: usize) -> Option<SubjectId> {
        let order = self.tree().order;
        let (mut at, mut skip) = (order.root, position);
        'down: loop {
            let node = match at.target() {
                Target::Node(node) => node,
                Target::Leaf(id, _) => return (skip == 0).then_some(id),
                Target::Nothing => return None,
            };
            let terminal = order.nodes.header(node).terminal;
            if terminal != Ref::NOTHING {
                if skip == 0 {
                    return terminal.id();
                }
                skip -= 1;
            }
            let node = order.nodes.node(node);
            let mut from = 0;
            while let Some((edge, child)) = node.next_child(from) {
                let weight = order.weight(child);
                if skip < weight {
                    at = child;
                    continue 'down;
                }
                skip -= weight;
                from = u16::from(edge) + 1;
            }
            return None;
        }
    }
}
