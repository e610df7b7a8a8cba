//! The disk as a file system of the kernel.

use crate::PowercutError;
use crate::disk::{Content, Disk, Node, NodeId, Refusal};
use fuser::{
    BackgroundSession, Config, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation,
    INodeNo, LockOwner, MountOption, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData,
    ReplyDirectory, ReplyEmpty, ReplyEntry, ReplyOpen, ReplyStatfs, ReplyWrite, Request, Session, TimeOrNow,
    WriteFlags,
};
use parking_lot::Mutex;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The disk, mounted.
#[derive(Debug)]
pub(crate) struct Mount(BackgroundSession);

impl Mount {
    /// Mounts `disk` at `place`, without any cache of the kernel's between.
    pub(crate) fn new(disk: &Arc<Mutex<Disk>>, place: &Path) -> Result<Self, PowercutError> {
        let mut config = Config::default();
        config.mount_options = vec![MountOption::FSName("powercut".into())];
        Session::new(Door(Arc::clone(disk)), place, &config)
            .and_then(Session::spawn)
            .map(Self)
            .map_err(|source| PowercutError::Mount { place: place.to_owned(), source })
    }

    /// Unmounts the disk, which no process may use any more.
    pub(crate) fn unmount(self, place: &Path) -> Result<(), PowercutError> {
        self.0.umount_and_join().map_err(|source| PowercutError::Unmount { place: place.to_owned(), source })
    }
}

/// Nothing is remembered by the kernel.
const TTL: Duration = Duration::ZERO;
const GENERATION: Generation = Generation(0);
const PERMISSIONS: u32 = 0o7777;

#[derive(Debug)]
struct Door(Arc<Mutex<Disk>>);

impl Door {
    fn attributes(&self, id: NodeId) -> Result<FileAttr, Errno> {
        let disk = self.0.lock();
        Ok(attributes(id, disk.node(id)?))
    }

    fn make(&self, parent: INodeNo, name: &OsStr, node: Node) -> Result<FileAttr, Errno> {
        let id = self.0.lock().make(parent.0, name, node)?;
        self.attributes(id)
    }
}

fn attributes(id: NodeId, node: &Node) -> FileAttr {
    let size = u64::try_from(node.size()).unwrap_or(u64::MAX);
    let kind = match node.content {
        Content::File(_) => FileType::RegularFile,
        Content::Directory(_) => FileType::Directory,
    };
    FileAttr {
        ino: INodeNo(id),
        size,
        blocks: size.div_ceil(512),
        atime: UNIX_EPOCH,
        mtime: UNIX_EPOCH,
        ctime: UNIX_EPOCH,
        crtime: UNIX_EPOCH,
        kind,
        perm: u16::try_from(node.mode & PERMISSIONS).unwrap_or_default(),
        nlink: 1,
        uid: 0,
        gid: 0,
        rdev: 0,
        blksize: 4096,
        flags: 0,
    }
}

impl From<Refusal> for Errno {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => Self::ENOENT,
            Refusal::Exists => Self::EEXIST,
            Refusal::NotEmpty => Self::ENOTEMPTY,
            Refusal::WrongKind => Self::EINVAL,
            Refusal::Dead => Self::EIO,
        }
    }
}

fn done(result: Result<(), Refusal>, reply: ReplyEmpty) {
    match result {
        Ok(()) => reply.ok(),
        Err(refusal) => reply.error(refusal.into()),
    }
}

impl Filesystem for Door {
    fn lookup(&self, _req: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let found = self.0.lock().find(parent.0, name).map_err(Errno::from);
        match found.and_then(|id| self.attributes(id)) {
            Ok(attributes) => reply.entry(&TTL, &attributes, GENERATION),
            Err(error) => reply.error(error),
        }
    }

    fn getattr(&self, _req: &Request, ino: INodeNo, _fh: Option<FileHandle>, reply: ReplyAttr) {
        match self.attributes(ino.0) {
            Ok(attributes) => reply.attr(&TTL, &attributes),
            Err(error) => reply.error(error),
        }
    }

    fn setattr(
        &self,
        _req: &Request,
        ino: INodeNo,
        mode: Option<u32>,
        _uid: Option<u32>,
        _gid: Option<u32>,
        size: Option<u64>,
        _atime: Option<TimeOrNow>,
        _mtime: Option<TimeOrNow>,
        _ctime: Option<SystemTime>,
        _fh: Option<FileHandle>,
        _crtime: Option<SystemTime>,
        _chgtime: Option<SystemTime>,
        _bkuptime: Option<SystemTime>,
        _flags: Option<fuser::BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let change = || -> Result<FileAttr, Errno> {
            let mut disk = self.0.lock();
            if let Some(mode) = mode {
                disk.set_mode(ino.0, mode & PERMISSIONS)?;
            }
            if let Some(size) = size {
                disk.resize(ino.0, usize::try_from(size).map_err(|_| Errno::EFBIG)?)?;
            }
            Ok(attributes(ino.0, disk.node(ino.0)?))
        };
        match change() {
            Ok(attributes) => reply.attr(&TTL, &attributes),
            Err(error) => reply.error(error),
        }
    }

    fn mkdir(
        &self,
        _req: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        _umask: u32,
        reply: ReplyEntry,
    ) {
        match self.make(parent, name, Node::new_directory(mode & PERMISSIONS)) {
            Ok(attributes) => reply.entry(&TTL, &attributes, GENERATION),
            Err(error) => reply.error(error),
        }
    }

    fn create(
        &self,
        _req: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        _umask: u32,
        _flags: i32,
        reply: ReplyCreate,
    ) {
        match self.make(parent, name, Node::new_file(mode & PERMISSIONS)) {
            Ok(attributes) => {
                reply.created(&TTL, &attributes, GENERATION, FileHandle(0), FopenFlags::FOPEN_DIRECT_IO)
            }
            Err(error) => reply.error(error),
        }
    }

    fn unlink(&self, _req: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        done(self.0.lock().remove(parent.0, name), reply);
    }

    fn rmdir(&self, _req: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        done(self.0.lock().remove(parent.0, name), reply);
    }

    fn rename(
        &self,
        _req: &Request,
        parent: INodeNo,
        name: &OsStr,
        newparent: INodeNo,
        newname: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        if !flags.is_empty() {
            return reply.error(Errno::EINVAL);
        }
        done(self.0.lock().rename((parent.0, name), (newparent.0, newname)), reply);
    }

    fn open(&self, _req: &Request, _ino: INodeNo, _flags: OpenFlags, reply: ReplyOpen) {
        reply.opened(FileHandle(0), FopenFlags::FOPEN_DIRECT_IO);
    }

    fn read(
        &self,
        _req: &Request,
        ino: INodeNo,
        _fh: FileHandle,
        offset: u64,
        size: u32,
        _flags: OpenFlags,
        _lock_owner: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let disk = self.0.lock();
        match disk.file(ino.0) {
            Ok(file) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX).min(file.bytes.len());
                let size = usize::try_from(size).unwrap_or_default();
                let end = start.saturating_add(size).min(file.bytes.len());
                reply.data(file.bytes.get(start..end).unwrap_or_default());
            }
            Err(refusal) => reply.error(refusal.into()),
        }
    }

    fn write(
        &self,
        _req: &Request,
        ino: INodeNo,
        _fh: FileHandle,
        offset: u64,
        data: &[u8],
        _write_flags: WriteFlags,
        _flags: OpenFlags,
        _lock_owner: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let Ok(offset) = usize::try_from(offset) else { return reply.error(Errno::EFBIG) };
        match self.0.lock().write(ino.0, offset, data) {
            Ok(()) => reply.written(u32::try_from(data.len()).unwrap_or(u32::MAX)),
            Err(refusal) => reply.error(refusal.into()),
        }
    }

    fn flush(&self, _req: &Request, _ino: INodeNo, _fh: FileHandle, _owner: LockOwner, reply: ReplyEmpty) {
        reply.ok();
    }

    fn fsync(&self, _req: &Request, ino: INodeNo, _fh: FileHandle, _datasync: bool, reply: ReplyEmpty) {
        done(self.0.lock().sync_file(ino.0), reply);
    }

    fn fsyncdir(&self, _req: &Request, ino: INodeNo, _fh: FileHandle, _datasync: bool, reply: ReplyEmpty) {
        done(self.0.lock().sync_directory(ino.0), reply);
    }

    fn readdir(&self, _req: &Request, ino: INodeNo, _fh: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        let disk = self.0.lock();
        let directory = match disk.directory(ino.0) {
            Ok(directory) => directory,
            Err(refusal) => return reply.error(refusal.into()),
        };
        let dots = [(ino.0, OsStr::new(".")), (ino.0, OsStr::new(".."))];
        let names = directory.names.iter().map(|(name, id)| (*id, name.as_os_str()));
        for (place, (id, name)) in (1_u64..).zip(dots.into_iter().chain(names)) {
            if place <= offset {
                continue;
            }
            let Ok(node) = disk.node(id) else { continue };
            if reply.add(INodeNo(id), place, attributes(id, node).kind, name) {
                break;
            }
        }
        reply.ok();
    }

    fn statfs(&self, _req: &Request, _ino: INodeNo, reply: ReplyStatfs) {
        reply.statfs(BLOCKS, BLOCKS, BLOCKS, BLOCKS, BLOCKS, 4096, 255, 4096);
    }
}

/// How many blocks of 4 KiB the disk says it has, all of them free.
const BLOCKS: u64 = 1 << 22;
