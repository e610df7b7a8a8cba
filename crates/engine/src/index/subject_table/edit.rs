//! Putting subjects into the tree and taking them out.

use super::id::{NodeRef, Ref, SubjectId, Target};
use super::names::Names;
use super::node::{Header, Node, PREFIX_BYTES_INLINE, SparseNode};
use super::order::{byte_of, edge_of};
use super::text::{Text, common_len};
use super::tree::Order;

/// The place that refers to a node or leaf.
#[derive(Debug, Clone, Copy)]
enum Link {
    Root,
    Child(NodeRef, u8),
}

impl Order {
    /// Adds a leaf for `key`, which is not in the tree, and counts it on the way.
    pub(super) fn link(&mut self, names: &Names, key: &[u8], id: SubjectId) {
        self.link_below_root(names, key, id);
        self.compact_texts_if_wasteful();
    }

    fn link_below_root(&mut self, names: &Names, key: &[u8], id: SubjectId) {
        let (mut link, mut at, mut rest) = (Link::Root, self.root, key);
        loop {
            let node = match at.target() {
                Target::Node(node) => node,
                Target::Leaf(other, _) => {
                    let other_rest = names.name(other).get(key.len() - rest.len()..).unwrap_or_default();
                    return self.split_leaf(link, (other, other_rest), (id, rest));
                }
                Target::Nothing => return self.set(link, Ref::leaf(id, rest)),
            };
            let prefix = self.texts.slice(&self.nodes.header(node).prefix);
            let common = common_len(prefix, rest);
            if common < prefix.len() {
                return self.split_node(link, node, common, rest, id);
            }
            rest = &rest[common..];
            let header = self.nodes.header_mut(node);
            header.count += 1;
            let Some((&byte, tail)) = rest.split_first() else {
                header.terminal = Ref::leaf(id, rest);
                return;
            };
            let edge = edge_of(byte);
            at = self.nodes.child(node, edge);
            if at == Ref::NOTHING {
                let node = self.nodes.add_child(node, edge, Ref::leaf(id, tail));
                return self.set(link, node.into());
            }
            link = Link::Child(node, edge);
            rest = tail;
        }
    }

    /// Removes the leaf of `key`, which is in the tree, and counts it off on the way.
    pub(super) fn unlink(&mut self, key: &[u8]) {
        self.unlink_below_root(key);
        self.compact_texts_if_wasteful();
    }

    fn unlink_below_root(&mut self, key: &[u8]) {
        let (mut link, mut at, mut rest) = (Link::Root, self.root, key);
        while let Target::Node(node) = at.target() {
            let header = self.nodes.header_mut(node);
            header.count -= 1;
            rest = self.texts.strip(&header.prefix, rest).unwrap_or_default();
            let Some((&byte, tail)) = rest.split_first() else {
                header.terminal = Ref::NOTHING;
                return self.settle(link, node);
            };
            let edge = edge_of(byte);
            at = self.nodes.child(node, edge);
            if at.id().is_some() {
                self.nodes.node_mut(node).take_child(edge);
                return self.settle(link, node);
            }
            link = Link::Child(node, edge);
            rest = tail;
        }
        self.set(link, Ref::NOTHING);
    }

    fn set(&mut self, link: Link, to: Ref) {
        match link {
            Link::Root => self.root = to,
            Link::Child(node, edge) => self.nodes.node_mut(node).replace_child(edge, to),
        }
    }

    /// Puts a node in the place of a leaf, with that leaf and a new one below it; both come with what is left of them here.
    fn split_leaf(
        &mut self,
        link: Link,
        (other, other_rest): (SubjectId, &[u8]),
        (id, rest): (SubjectId, &[u8]),
    ) {
        let common = common_len(other_rest, rest);
        let mut parting = SparseNode::<4>::with_header(Header::new(2, Text::EMPTY));
        attach(&mut parting, &other_rest[common..], other);
        attach(&mut parting, &rest[common..], id);
        parting.header_mut().prefix = self.texts.store(&rest[..common]);
        let parting = self.nodes.insert(parting);
        self.set(link, parting.into());
    }

    /// Puts a node in front of `node`, whose prefix parts from `rest` after `common` bytes, and a leaf for `rest` below.
    fn split_node(&mut self, link: Link, node: NodeRef, common: usize, rest: &[u8], id: SubjectId) {
        let Header { count, prefix, .. } = self.nodes.header_mut(node);
        let edge = self.texts.slice(prefix).get(common).map_or(0, |&byte| edge_of(byte));
        self.texts.drop_front(prefix, common + 1);
        let mut parting =
            SparseNode::<4>::with_header(Header::new(*count + 1, self.texts.store(&rest[..common])));
        parting.add_child(edge, node.into());
        attach(&mut parting, &rest[common..], id);
        let parting = self.nodes.insert(parting);
        self.set(link, parting.into());
    }

    /// Gives a node that has lost a way down the smallest form: a leaf, a longer prefix, or a smaller node.
    fn settle(&mut self, link: Link, node: NodeRef) {
        let header = *self.nodes.header(node);
        if header.count > 1 && (header.terminal != Ref::NOTHING || !self.has_one_child(node)) {
            let node = self.nodes.shrink(node);
            return self.set(link, node.into());
        }
        let replacement = match self.nodes.node(node).next_child(0) {
            // Only the subject that ends here is left; seen from above it has the prefix as its tail.
            None => match header.terminal.id() {
                Some(id) => Ref::leaf(id, self.texts.slice(&header.prefix)),
                None => Ref::NOTHING,
            },
            Some((edge, child)) => match child.target() {
                // The edge has become a part of the leaf's tail.
                Target::Leaf(id, _) => Ref::leaf(id, &[edge]),
                Target::Node(below) => {
                    self.prepend(below, &header.prefix, byte_of(edge));
                    child
                }
                Target::Nothing => Ref::NOTHING,
            },
        };
        let header = self.nodes.header_mut(node);
        self.texts.release(&mut header.prefix);
        self.nodes.remove(node);
        self.set(link, replacement);
    }

    fn has_one_child(&self, node: NodeRef) -> bool {
        let node = self.nodes.node(node);
        node.next_child(0).is_none_or(|(edge, _)| node.next_child(u16::from(edge) + 1).is_none())
    }

    /// Puts `prefix` and `byte` in front of the prefix of `node`.
    fn prepend(&mut self, node: NodeRef, prefix: &Text<PREFIX_BYTES_INLINE>, byte: u8) {
        let header = self.nodes.header_mut(node);
        let joined = [self.texts.slice(prefix), &[byte], self.texts.slice(&header.prefix)].concat();
        self.texts.release(&mut header.prefix);
        header.prefix = self.texts.store(&joined);
    }
}

/// Adds the leaf of a subject that has `tail` behind the prefix of `node`.
fn attach(node: &mut SparseNode<4>, tail: &[u8], id: SubjectId) {
    match tail.split_first() {
        None => node.header_mut().terminal = Ref::leaf(id, tail),
        Some((&byte, tail)) => node.add_child(edge_of(byte), Ref::leaf(id, tail)),
    }
}
