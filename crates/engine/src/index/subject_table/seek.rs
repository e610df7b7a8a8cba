//! Finding the part of the tree below a prefix.

use super::id::{Ref, Target};
use super::order::edge_of;
use super::tree::Tree;

impl Tree<'_> {
    /// Returns the smallest part of the tree with all subjects that start with `prefix`, if there are any.
    pub(super) fn locate(&self, prefix: &[u8]) -> Ref {
        let (mut at, mut rest) = (self.order.root, prefix);
        loop {
            match at.target() {
                Target::Node(node) => {
                    let header = self.order.nodes.header(node);
                    let Some(behind) = self.order.texts.strip(&header.prefix, rest) else {
                        let inside = self.order.texts.slice(&header.prefix).starts_with(rest);
                        return if inside { at } else { Ref::NOTHING };
                    };
                    let Some((&byte, tail)) = behind.split_first() else { return at };
                    at = self.order.nodes.child(node, edge_of(byte));
                    rest = tail;
                }
                Target::Leaf(id, _) => {
                    let inside = self.tail(id, prefix.len() - rest.len()).starts_with(rest);
                    return if inside { at } else { Ref::NOTHING };
                }
                Target::Nothing => return at,
            }
        }
    }
}
