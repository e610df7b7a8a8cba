//! Building the tree of all subjects at once.

use super::id::{NodeRef, Ref, SubjectId};
use super::names::Names;
use super::node::Header;
use super::order::edge_of;
use super::sort::sorted_ids;
use super::text::common_len;
use super::tree::Order;

/// The nodes above the subject that was added last, from the root down, none of them stored yet.
#[derive(Debug, Default)]
struct Path {
    nodes: Vec<Open>,
    /// Children of all of them, those of the lowest last.
    children: Vec<(u8, Ref)>,
}

/// A node that gets further children.
#[derive(Debug)]
struct Open {
    /// Number of bytes on the way into it, its prefix included.
    end: usize,
    count: u32,
    terminal: Ref,
    first_child: usize,
}

/// What hangs below the path and is complete.
#[derive(Debug, Clone, Copy)]
enum Branch {
    Leaf,
    /// With the number of bytes on the way into it.
    Node(NodeRef, usize),
}

impl Order {
    /// Returns the tree of all subjects in `names`.
    pub(super) fn build(names: &Names) -> Self {
        let mut order = Self::new();
        let mut path = Path::default();
        // The subject before, and what it is the last of; it is hung up once it is known where it parts from the next.
        let mut before: Option<(SubjectId, Branch)> = None;
        for group in sorted_ids(names).chunks(TOUCHED_TOGETHER) {
            names.touch(group);
            for &id in group {
                if let Some((last, branch)) = before {
                    let common = common_len(names.name(last), names.name(id));
                    order.hang(&mut path, names.name(last), (last, branch), common);
                }
                before = Some((id, Branch::Leaf));
            }
        }
        let Some((last, mut branch)) = before else { return order };
        let key = names.name(last);
        while let Some(end) = path.nodes.last().map(|node| node.end) {
            order.attach(&mut path, key, (last, branch), end);
            branch = order.close(&mut path, end);
        }
        order.root = order.branch_below(key, (last, branch), 0);
        order
    }

    /// Hangs a branch with the subject `key` below the path; the next subject parts from it after `common` bytes.
    fn hang(&mut self, path: &mut Path, key: &[u8], (last, mut branch): (SubjectId, Branch), common: usize) {
        while let Some(end) = path.nodes.last().map(|node| node.end).filter(|end| *end > common) {
            self.attach(path, key, (last, branch), end);
            branch = self.close(path, end);
        }
        if path.nodes.last().is_none_or(|node| node.end < common) {
            let first_child = path.children.len();
            path.nodes.push(Open { end: common, count: 0, terminal: Ref::NOTHING, first_child });
        }
        self.attach(path, key, (last, branch), common);
    }

    /// Makes a branch a child of the lowest node, which ends after `end` bytes.
    fn attach(&mut self, path: &mut Path, key: &[u8], (last, branch): (SubjectId, Branch), end: usize) {
        let count = match branch {
            Branch::Leaf => 1,
            Branch::Node(node, _) => self.nodes.header(node).count,
        };
        let Some(node) = path.nodes.last_mut() else { return };
        node.count += count;
        match key.get(end) {
            None => node.terminal = Ref::leaf(last, &[]),
            Some(&byte) => {
                let child = self.branch_below(key, (last, branch), end + 1);
                path.children.push((edge_of(byte), child));
            }
        }
    }

    /// Returns what refers to a branch that is entered after `start` bytes.
    fn branch_below(&mut self, key: &[u8], (last, branch): (SubjectId, Branch), start: usize) -> Ref {
        match branch {
            Branch::Leaf => Ref::leaf(last, key.get(start..).unwrap_or_default()),
            Branch::Node(node, end) => {
                let prefix = self.texts.store(key.get(start..end).unwrap_or_default());
                self.nodes.header_mut(node).prefix = prefix;
                node.into()
            }
        }
    }

    /// Stores the lowest node of the path; its prefix is known when it is hung up.
    fn close(&mut self, path: &mut Path, end: usize) -> Branch {
        let Some(open) = path.nodes.pop() else { return Branch::Leaf };
        let mut header = Header::new(open.count, super::text::Text::EMPTY);
        header.terminal = open.terminal;
        let node = self.nodes.insert_with(header, &path.children[open.first_child..]);
        path.children.truncate(open.first_child);
        Branch::Node(node, end)
    }
}

/// So many subjects are fetched from memory at once.
const TOUCHED_TOGETHER: usize = 32;
