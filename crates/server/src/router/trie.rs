//! The trie: one level for each token, a map of literal tokens and a place for `*` and `>` at each.

use super::matches::Matches;
use super::pattern;
use super::subscription::Subscription;
use std::collections::HashMap;
use std::sync::Arc;

/// The subscriptions of an account by their patterns.
#[derive(Debug)]
pub(super) struct Trie {
    nodes: Vec<Node>,
    /// Nodes that are not in use; they keep their place.
    free: Vec<NodeId>,
    count: usize,
}

/// Place of a node in [`Trie::nodes`]; the root has 0, which is also "no node" where a child is meant.
type NodeId = usize;

const ROOT: NodeId = 0;

#[derive(Debug, Default)]
struct Node {
    /// Children by literal token.
    #[expect(clippy::box_collection, reason = "most nodes have none, and a pointer is smaller than a map")]
    literals: Option<Box<HashMap<Box<[u8]>, NodeId>>>,
    /// The child for the token `*`, or [`ROOT`] for none.
    star: NodeId,
    /// Subscriptions whose pattern ends here.
    here: Vec<Arc<Subscription>>,
    /// Subscriptions whose pattern goes on with `>`.
    rest: Vec<Arc<Subscription>>,
}

impl Node {
    fn is_unused(&self) -> bool {
        self.literals.is_none() && self.star == ROOT && self.here.is_empty() && self.rest.is_empty()
    }

    fn literal(&self, token: &[u8]) -> Option<NodeId> {
        self.literals.as_ref()?.get(token).copied()
    }
}

/// The nodes that a walk is at; kept by the caller so that a walk needs no allocation.
#[derive(Debug, Default)]
pub(super) struct Walk {
    at: Vec<NodeId>,
    next: Vec<NodeId>,
}

/// How far the result of a walk depends on the subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// It is for this subject.
    Subject,
    /// It is the same for every subject that differs in the last token only.
    LastTokenFree,
    /// Nobody gets messages to any subject that begins with so many bytes of it, the dot at their end included.
    NobodyBelow(usize),
}

impl Trie {
    pub(super) fn new() -> Self {
        Self { nodes: vec![Node::default()], free: Vec::new(), count: 0 }
    }

    /// Returns the number of subscriptions.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Returns all subscriptions, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Subscription>> {
        self.nodes.iter().flat_map(|node| node.here.iter().chain(&node.rest))
    }

    /// Adds a subscription; its subject is a valid pattern.
    pub(super) fn insert(&mut self, subscription: Arc<Subscription>) {
        let mut path = ROOT;
        for token in pattern::tokens(subscription.subject()) {
            if token == b">" {
                break;
            }
            path = self.child(path, token);
        }
        let ends_in_rest = subscription.ends_in_rest();
        let node = &mut self.nodes[path];
        let list = if ends_in_rest { &mut node.rest } else { &mut node.here };
        subscription.set_place(list.len());
        list.push(subscription);
        self.count += 1;
    }

    /// Removes a subscription, and the nodes that only it needed. Says whether it was there.
    pub(super) fn remove(&mut self, subscription: &Arc<Subscription>) -> bool {
        let mut path = vec![ROOT];
        for token in pattern::tokens(subscription.subject()) {
            if token == b">" {
                break;
            }
            let Some(child) = path.last().and_then(|node| self.find(*node, token)) else { return false };
            path.push(child);
        }
        let Some(&last) = path.last() else { return false };
        let ends_in_rest = subscription.ends_in_rest();
        let node = &mut self.nodes[last];
        let list = if ends_in_rest { &mut node.rest } else { &mut node.here };
        // Its place is known, so that many equal subscriptions are no burden.
        let at = subscription.place();
        if !list.get(at).is_some_and(|each| Arc::ptr_eq(each, subscription)) {
            return false;
        }
        list.swap_remove(at);
        if let Some(moved) = list.get(at) {
            moved.set_place(at);
        }
        if list.is_empty() {
            *list = Vec::new();
        }
        self.count -= 1;
        self.prune(&path, subscription.subject());
        true
    }

    /// Collects into `found` all subscriptions that match `subject`, which may be any bytes.
    pub(super) fn collect(&self, subject: &[u8], walk: &mut Walk, found: &mut Matches) -> Scope {
        found.clear();
        walk.at.clear();
        walk.at.push(ROOT);
        let mut tokens = pattern::tokens(subject).peekable();
        let mut scope = Scope::LastTokenFree;
        let mut depth = 0;
        while let Some(token) = tokens.next() {
            if token.is_empty() {
                found.clear();
                return Scope::Subject;
            }
            walk.next.clear();
            let is_last = tokens.peek().is_none();
            for &id in &walk.at {
                let node = &self.nodes[id];
                found.add_all(&node.rest);
                if node.literals.is_some() && is_last {
                    scope = Scope::Subject;
                }
                walk.next.extend(node.literal(token));
                walk.next.extend((node.star != ROOT).then_some(node.star));
            }
            std::mem::swap(&mut walk.at, &mut walk.next);
            if walk.at.is_empty() {
                if found.is_empty() && !is_last {
                    // Whatever follows: an invalid subject has no receivers either.
                    return Scope::NobodyBelow(depth + token.len() + 1);
                }
                // Nothing goes deeper; what follows may still make the subject invalid.
                if tokens.any(<[u8]>::is_empty) {
                    found.clear();
                    return Scope::Subject;
                }
                return scope;
            }
            depth += token.len() + 1;
        }
        for &id in &walk.at {
            found.add_all(&self.nodes[id].here);
        }
        scope
    }

    fn find(&self, parent: NodeId, token: &[u8]) -> Option<NodeId> {
        let node = &self.nodes[parent];
        if token == b"*" { (node.star != ROOT).then_some(node.star) } else { node.literal(token) }
    }

    /// Returns the child of `parent` for `token`, and makes it if there is none.
    fn child(&mut self, parent: NodeId, token: &[u8]) -> NodeId {
        if let Some(child) = self.find(parent, token) {
            return child;
        }
        let child = self.free.pop().unwrap_or_else(|| {
            self.nodes.push(Node::default());
            self.nodes.len() - 1
        });
        let node = &mut self.nodes[parent];
        if token == b"*" {
            node.star = child;
        } else {
            node.literals.get_or_insert_default().insert(token.into(), child);
        }
        child
    }

    /// Takes away the nodes at the end of `path` that hold nothing any more.
    fn prune(&mut self, path: &[NodeId], subject: &[u8]) {
        let tokens: Vec<&[u8]> = pattern::tokens(subject).collect();
        for depth in (1..path.len()).rev() {
            if !self.nodes[path[depth]].is_unused() {
                return;
            }
            self.free.push(path[depth]);
            let parent = &mut self.nodes[path[depth - 1]];
            if tokens[depth - 1] == b"*" {
                parent.star = ROOT;
            } else if let Some(literals) = &mut parent.literals {
                literals.remove(tokens[depth - 1]);
                if literals.is_empty() {
                    parent.literals = None;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
