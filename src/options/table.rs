//! Every option, once: what it is called, means, is by default and may be, and what takes it.
//!
//! All else is made of this: the structs that the core obeys, what Python parses and checks, signatures,
//! documentation, the configuration, the stubs, the command line and the tables in `docs/`. A new option is a
//! row here and the code that obeys it; then `make stubs`.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::row::{Description, Function, Layer, Topic, ValueKind};
use super::shown::Shown;
use super::structs::{options, plain};
use super::value::Field;
use super::{Auth, ClientCert, DetectChanges, Environment, Isolate, OnError};
use crate::ignore::{Ignore, Only};

const EVERY: &[Function] = &[
    Function::Compare,
    Function::FirstDifference,
    Function::CompareDir,
    Function::CompareArchive,
    Function::CompareAll,
    Function::CompareMany,
    Function::CompareDirUrls,
];

/// The functions that compare files as they are.
const UNPACKED: &[Function] = &[
    Function::Compare,
    Function::FirstDifference,
    Function::CompareDir,
    Function::CompareAll,
    Function::CompareMany,
    Function::CompareDirUrls,
];

/// The functions that take sources: URLs, and what is within compressed files.
const SENDING: &[Function] = &[
    Function::Compare,
    Function::FirstDifference,
    Function::CompareArchive,
    Function::CompareAll,
    Function::CompareMany,
    Function::CompareDirUrls,
];

const ARCHIVES: &[Function] = &[Function::CompareArchive];

/// The functions that compare entries by their names.
const TREES: &[Function] =
    &[Function::CompareDir, Function::CompareArchive, Function::CompareDirUrls];

/// The functions that can pair names whatever their case.
const FOLDING: &[Function] = &[Function::CompareDir, Function::CompareDirUrls];

/// The functions that can say where something differs.
const PLACES: &[Function] = &[
    Function::FirstDifference,
    Function::CompareDir,
    Function::CompareArchive,
    Function::CompareDirUrls,
];

const CONFIGURED: &[Layer] = &[Layer::Configure];

const EVERYWHERE: &[Layer] = &[Layer::Configure, Layer::Source];

impl Function {
    /// The options that it takes, in the order of its signature: that of the table. But a map of URLs is
    /// compared as pairs are, so those of `compare` come first.
    #[must_use]
    pub fn options(self) -> Vec<&'static Row> {
        let mut rows: Vec<_> = TABLE.iter().filter(|row| row.is_taken_by(self)).collect();
        if self == Self::CompareDirUrls {
            rows.sort_by_key(|row| !row.functions.contains(&Self::Compare));
        }
        rows
    }
}

options! {
    /// Bytes compared between two looks at the clock, the cancel flag and the verdict; also the
    /// size of one sample. 1 to 1 GiB.
    general chunk_size: usize = 64 << 10 => {
        russian: "Сколько байт сравнивается между двумя взглядами на часы, флаг отмены и вердикт; это же \
            размер одной пробы. От 1 до 1 ГиБ.",
        kind: ValueKind::Bytes(1 << 30, "1GB"),
        topic: Topic::Comparing,
        functions: EVERY,
        layers: CONFIGURED,
    };
    /// Let two known, different sizes settle it without reading.
    general size_precheck: bool = true => {
        russian: "Если оба размера известны и различаются, не читать.",
        kind: ValueKind::Switch,
        topic: Topic::Comparing,
        functions: UNPACKED,
        layers: CONFIGURED,
    };
    /// Compare samples at the start, the end, 25 %, 50 % and 75 % before everything, where both
    /// sides can seek; of URLs beside the stream, from 4 MiB on, where the server has ranges and
    /// `chunk_size` is at most 128 KiB.
    general quick_check: bool = true => {
        russian: "Сначала сравнить пробы в начале, в конце, на 25 %, 50 % и 75 %, если обе стороны это \
            позволяют; у URL — рядом с потоком, от 4 МиБ, если сервер отдаёт диапазоны, а \
            `chunk_size` не больше 128 КиБ.",
        kind: ValueKind::Switch,
        topic: Topic::Comparing,
        functions: UNPACKED,
        layers: CONFIGURED,
    };
    /// Follow links, and cut a loop where it closes. `False`: compare a link by its target text.
    general follow_symlinks: bool = true => {
        russian: "Проходить по ссылкам, а петлю обрывать там, где она замыкается. `False`: сравнивать \
            текст, на который ссылка указывает.",
        kind: ValueKind::Switch,
        topic: Topic::Directories,
        functions: &[Function::CompareDir],
        layers: CONFIGURED,
    };
    /// Threads within one call, at most 256. 0: as many as pay off, which are the CPUs that this
    /// process may use, at most 8, and 16 transfers at once in `compare_all` and
    /// `compare_dir_urls`; 1: one comparison after another, by the calling thread.
    general max_workers: usize = 0 => {
        russian: "Потоки в одном вызове, не больше 256. 0: сколько выгодно, то есть сколько процессоров \
            доступно процессу, но не больше 8, и 16 передач сразу в `compare_all` и \
            `compare_dir_urls`; 1: сравнения одно за другим, в вызывающем потоке.",
        kind: ValueKind::Integer(0, 256),
        topic: Topic::Comparing,
        functions: UNPACKED,
        layers: CONFIGURED,
    };
    /// Patterns with gitignore meaning, for entries to leave out on both sides; what is ignored is
    /// never read, nor fetched; in an archive it is unpacked past.
    general ignore: Option<Ignore> = None => {
        russian: "Шаблоны, как в gitignore: что пропустить на обеих сторонах; пропущенное не читается и не \
            загружается, а в архиве распаковывается мимо.",
        kind: ValueKind::OrNone(&ValueKind::Patterns),
        topic: Topic::Directories,
        functions: TREES,
        layers: CONFIGURED,
    };
    /// Patterns with gitignore meaning: nothing else counts than files that match, and all that lies in a
    /// directory that matches. What `ignore` leaves out is left out all the same.
    general only: Option<Only> = None => {
        russian: "Шаблоны, как в gitignore: считается только подходящий под них файл и всё, что лежит в \
            подходящем каталоге. Что пропускает `ignore`, пропускается и тогда.",
        kind: ValueKind::OrNone(&ValueKind::Patterns),
        topic: Topic::Directories,
        functions: TREES,
        layers: CONFIGURED,
    };
    /// Leave out what only the right side has: all that the left has must be there, too, and be the same.
    general one_way: bool = false => {
        russian: "Не считать того, что есть только справа: всё, что есть слева, должно быть и там, и таким же.",
        kind: ValueKind::Switch,
        topic: Topic::Directories,
        functions: TREES,
        layers: CONFIGURED,
    };
    /// Pair names that differ only in case, by Unicode's simple case folding. Two names of one side that are the
    /// same then are errors. Not for archives: that is an error.
    general ignore_case: bool = false => {
        russian: "Сопоставлять имена, которые отличаются только регистром, по простой свёртке регистра Unicode. \
            Два имени с одной стороны, которые тогда одинаковы, — ошибки. Для архивов не действует: это ошибка.",
        kind: ValueKind::Switch,
        topic: Topic::Directories,
        functions: FOLDING,
        layers: CONFIGURED,
    };
    /// Find files that moved: a path that only the left side has and one that only the right side has, with
    /// the same content. They are in `moved` then, and not among those that only one side has.
    general moves: bool = false => {
        russian: "Искать перемещённые файлы: путь, который есть только слева, и путь, который есть только справа, \
            с одинаковым содержимым. Они попадают в `moved`, а не к тем, что есть только с одной стороны.",
        kind: ValueKind::Switch,
        topic: Topic::Directories,
        functions: TREES,
        layers: CONFIGURED,
    };
    /// The most bytes that may come out of compression or of holes in each archive, or of what is
    /// `Decompressed`; what is stored as it is does not count. `None`: no limit.
    limits max_decompressed_size: Option<u64> = Some(1 << 30) => {
        russian: "Сколько байт могут дать распаковка и дыры в каждом архиве или `Decompressed`; то, что хранится \
            как есть, не считается. `None`: без предела.",
        kind: ValueKind::Limit,
        topic: Topic::Archives,
        functions: SENDING,
        layers: CONFIGURED,
    };
    /// The most bytes that may come out of one compressed byte of each archive, or of what is
    /// `Decompressed`, once 8 MiB have come out. `None`: no limit.
    limits max_compression_ratio: Option<f64> = Some(200.0) => {
        russian: "Сколько байт может дать один сжатый байт каждого архива или `Decompressed`, после первых 8 МиБ. \
            `None`: без предела.",
        kind: ValueKind::Ratio,
        topic: Topic::Archives,
        functions: SENDING,
        layers: CONFIGURED,
    };
    /// The most entries, of any kind, that each archive may have. `None`: no limit.
    limits max_archive_entries: Option<u64> = Some(100_000) => {
        russian: "Сколько записей любого вида может быть в каждом архиве. `None`: без предела.",
        kind: ValueKind::Limit,
        topic: Topic::Archives,
        functions: ARCHIVES,
        layers: CONFIGURED,
    };
    /// The most bytes that an entry's name may have. `None`: no limit.
    limits max_entry_name_length: Option<u64> = Some(4096) => {
        russian: "Сколько байт может быть в имени записи. `None`: без предела.",
        kind: ValueKind::Limit,
        topic: Topic::Archives,
        functions: ARCHIVES,
        layers: CONFIGURED,
    };
    /// The most bytes of memory that the process of its own may take which reads an archive, see
    /// `isolate`. `None`: no limit.
    limits max_archive_memory: Option<u64> = Some(512 << 20) => {
        russian: "Сколько байт памяти может занять отдельный процесс, который читает архив, см. `isolate`. \
            `None`: без предела.",
        kind: ValueKind::Limit,
        topic: Topic::Archives,
        functions: ARCHIVES,
        layers: CONFIGURED,
    };
    /// Which archives are read in a process of their own, which is killed where it does not stop and
    /// may crash without harm: `"auto"`, all but tar, plain zip, cpio and ar, also within gzip,
    /// bzip2, xz, zstd and lz4; `"always"`; `"never"`.
    general isolate: Isolate = Isolate::Auto => {
        russian: "Какие архивы читать в отдельном процессе, который будет убит, если не остановится, и может \
            упасть без вреда: `\"auto\"` — все, кроме tar, обычного zip, cpio и ar, в том числе внутри gzip, \
            bzip2, xz, zstd и lz4; `\"always\"`; `\"never\"`.",
        kind: ValueKind::Choice(&Isolate::NAMES),
        topic: Topic::Archives,
        functions: ARCHIVES,
        layers: CONFIGURED,
    };
    /// Compare entries by their BLAKE3-256 digests instead of byte by byte; the result is the same.
    general hash_compare: bool = false => {
        russian: "Сравнивать записи по BLAKE3-256, а не побайтово; результат тот же.",
        kind: ValueKind::Switch,
        topic: Topic::Archives,
        functions: ARCHIVES,
        layers: CONFIGURED,
    };
    /// Read a tar on behind its end, as tar's option of this name does: several tars, one after the
    /// other, are one. `False`: what follows the end has to be the same bytes.
    general ignore_zeros: bool = false => {
        russian: "Читать tar дальше его конца, как одноимённый ключ tar: несколько tar подряд — это один. \
            `False`: то, что за концом, должно совпадать побайтово.",
        kind: ValueKind::Switch,
        topic: Topic::Archives,
        functions: ARCHIVES,
        layers: CONFIGURED,
    };
    /// Request headers.
    http headers: Vec<(String, String)> = Vec::new() => {
        russian: "Заголовки запроса.",
        kind: ValueKind::OrNone(&ValueKind::Headers),
        topic: Topic::Urls,
        functions: SENDING,
        layers: EVERYWHERE,
    };
    /// Seconds to connect, and without a byte arriving; never a limit on a transfer that moves.
    http timeout: Duration = Duration::from_secs(30) => {
        russian: "Секунды на соединение и на паузу, в которую не пришло ни байта; передачу, которая \
            движется, не ограничивает.",
        kind: ValueKind::Seconds,
        topic: Topic::Urls,
        functions: SENDING,
        layers: EVERYWHERE,
    };
    /// Follow at most ten redirects. `False`: a redirect is an error.
    http follow_redirects: bool = true => {
        russian: "Проходить не больше десяти перенаправлений. `False`: перенаправление — ошибка.",
        kind: ValueKind::Switch,
        topic: Topic::Urls,
        functions: SENDING,
        layers: EVERYWHERE,
    };
    /// Demand a valid certificate.
    http verify_ssl: bool = true => {
        russian: "Требовать действительный сертификат.",
        kind: ValueKind::Switch,
        topic: Topic::Urls,
        functions: SENDING,
        layers: EVERYWHERE,
    };
    /// `http://`, `https://`, `socks5://` or `socks5h://`. `None`: as the environment says.
    http proxy: Option<String> = None => {
        russian: "`http://`, `https://`, `socks5://` или `socks5h://`. `None`: как сказано в окружении.",
        kind: ValueKind::OrNone(&ValueKind::Proxy),
        topic: Topic::Urls,
        functions: SENDING,
        layers: EVERYWHERE,
    };
    /// Who asks: a user with a password, sent as Basic at once and as Digest where the server asks for that, or
    /// a bearer token. Sent to the URL's own origin only. User and password in a URL go before it, and a header
    /// `Authorization` before both.
    http auth: Option<Auth> = None => {
        russian: "Кто спрашивает: пользователь с паролем (сразу посылаются как Basic, а где сервер просит Digest \
            — как Digest) или токен (bearer). Посылается только источнику самого URL. Пользователь и пароль в \
            URL важнее, а заголовок `Authorization` важнее их обоих.",
        kind: ValueKind::OrNone(&ValueKind::Auth),
        topic: Topic::Urls,
        functions: SENDING,
        layers: EVERYWHERE,
    };
    /// Where nothing else says who asks: take user and password of the host from the file that `NETRC` names,
    /// or from `~/.netrc`.
    http netrc: bool = false => {
        russian: "Если больше ничто не говорит, кто спрашивает: взять пользователя и пароль для хоста из файла, \
            который называет `NETRC`, или из `~/.netrc`.",
        kind: ValueKind::Switch,
        topic: Topic::Urls,
        functions: SENDING,
        layers: EVERYWHERE,
    };
    /// The only authorities whose certificates count: a file in PEM, or a directory as `openssl rehash` makes
    /// it. `None`: those of the environment or the system.
    http ca_bundle: Option<PathBuf> = None => {
        russian: "Единственные удостоверяющие центры, чьи сертификаты принимаются: файл PEM или каталог, какой \
            делает `openssl rehash`. `None`: те, что названы в окружении, или системные.",
        kind: ValueKind::OrNone(&ValueKind::Path),
        topic: Topic::Urls,
        functions: SENDING,
        layers: EVERYWHERE,
    };
    /// The certificate to show to the URL's own origin: a file in PEM with its key, or the files of both. The
    /// key cannot be encrypted.
    http client_cert: Option<ClientCert> = None => {
        russian: "Сертификат, который предъявляется источнику самого URL: файл PEM вместе с ключом или файлы \
            того и другого. Ключ не может быть зашифрован.",
        kind: ValueKind::OrNone(&ValueKind::ClientCert),
        topic: Topic::Urls,
        functions: SENDING,
        layers: EVERYWHERE,
    };
    /// A redirect may lead to a private, loopback or link-local address.
    http allow_private_redirects: bool = false => {
        russian: "Перенаправление может вести на частный адрес, петлю или локальный адрес канала.",
        kind: ValueKind::Switch,
        topic: Topic::Urls,
        functions: &[],
        layers: CONFIGURED,
    };
    /// Refuse private, loopback and link-local addresses for the first request, too.
    http block_private: bool = false => {
        russian: "Запретить частные адреса, петлю и локальные адреса канала и для первого запроса.",
        kind: ValueKind::Switch,
        topic: Topic::Urls,
        functions: &[],
        layers: CONFIGURED,
    };
    /// Undo a content coding that a server applied although it was asked not to. `False`: compare
    /// the bytes as they are sent, whatever the coding is called.
    http decode_content: bool = true => {
        russian: "Снимать сжатие (content coding), которое сервер применил, хотя его просили этого не \
            делать. `False`: сравнивать байты такими, какими они переданы, как бы ни называлось \
            кодирование.",
        kind: ValueKind::Switch,
        topic: Topic::Urls,
        functions: SENDING,
        layers: CONFIGURED,
    };
    /// Seconds of wall clock for the whole call. `None`: no limit.
    general comparison_timeout: Option<Duration> = None => {
        russian: "Секунды на весь вызов, по часам. `None`: без ограничения.",
        kind: ValueKind::OrNone(&ValueKind::Seconds),
        topic: Topic::Comparing,
        functions: EVERY,
        layers: CONFIGURED,
    };
    /// How many times what is likely to pass is tried again, for each content: a transfer that breaks off (it goes
    /// on where it was, if the server can say that the content is the same), no connection, no data, the statuses
    /// 408, 429, 500, 502, 503 and 504; a file that changed while it was compared, and `EIO`, `ESTALE` and `EAGAIN`.
    general retries: usize = 0 => {
        russian: "Сколько раз для каждого содержимого повторить то, что может пройти: оборванную передачу (она \
            продолжается с того же места, если сервер может подтвердить, что содержимое то же), нет соединения, \
            нет данных, коды 408, 429, 500, 502, 503 и 504; файл, который изменился во время сравнения, и `EIO`, \
            `ESTALE` и `EAGAIN`.",
        kind: ValueKind::Integer(0, 1000),
        topic: Topic::Comparing,
        functions: EVERY,
        layers: CONFIGURED,
    };
    /// Seconds before the first of `retries`, doubled for each further one up to a minute. A server may say with
    /// `Retry-After` how long it wants, of which a minute is waited at most.
    general retry_delay: Duration = Duration::from_secs(1) => {
        russian: "Секунды перед первым из `retries`, для каждого следующего вдвое больше, но не больше минуты. \
            Сервер может сказать в `Retry-After`, сколько ждать ему; больше минуты ожидание не длится.",
        kind: ValueKind::Seconds,
        topic: Topic::Comparing,
        functions: EVERY,
        layers: CONFIGURED,
    };
    /// Read the holes of sparse files, too. `False`: a hole whose first and last block read as
    /// zeros is taken for one.
    files read_holes: bool = false => {
        russian: "Читать и дыры разреженных файлов. `False`: дыре верят, если её первый и последний блок \
            читаются как нули.",
        kind: ValueKind::Switch,
        topic: Topic::Comparing,
        functions: EVERY,
        layers: CONFIGURED,
    };
    /// What shows that a file changed while it was compared: `"ctime"` (anything that was done to
    /// it), `"mtime"` (only its size, date and identity) or `"size"`. Where only its ctime moved,
    /// as when it is linked, renamed or given other rights, the pair is compared once more before
    /// that is an error.
    files detect_changes: DetectChanges = DetectChanges::Ctime => {
        russian: "По чему видно, что файл изменился во время сравнения: `\"ctime\"` (по всему, что с ним \
            сделали), `\"mtime\"` (только по размеру, дате и тому, тот же ли это файл) или \
            `\"size\"`. Если сдвинулось только ctime (новая жёсткая ссылка, переименование, права), \
            пара сравнивается ещё раз, и лишь потом это ошибка.",
        kind: ValueKind::Choice(&DetectChanges::NAMES),
        topic: Topic::Comparing,
        functions: EVERY,
        layers: CONFIGURED,
    };
    /// Find the first difference of every file that differs: its place is among the result's differences. All
    /// that lies before it is read then, though sizes or samples have shown that it differs.
    general r#where: bool = false => {
        russian: "Для каждого файла, который различается, найти первое отличие: его место будет среди различий \
            результата. Всё, что до него, тогда читается, даже если различие показали размеры или пробы.",
        kind: ValueKind::Switch,
        topic: Topic::Comparing,
        functions: TREES,
        layers: CONFIGURED,
    };
    /// How many bytes a `Difference` shows of either side, from the first byte that differs on. At most 1 MiB.
    general context: usize = 16 => {
        russian: "Сколько байт каждой стороны показывает `Difference`, начиная с первого отличия. Не больше \
            1 МиБ.",
        kind: ValueKind::Integer(0, 1 << 20),
        topic: Topic::Comparing,
        functions: PLACES,
        layers: CONFIGURED,
    };
    /// Stop after so many findings; the result is then not complete, and never equal. `None`: find
    /// all.
    general max_differences: Option<u64> = None => {
        russian: "Остановиться после стольких находок; результат тогда неполный и никогда не равен. `None`: \
            найти все.",
        kind: ValueKind::Limit,
        topic: Topic::Comparing,
        functions: TREES,
        layers: CONFIGURED,
    };
    /// What becomes of an entry that cannot be compared: `"report"`, it is listed with the reason;
    /// `"raise"`, the first such error ends the call and is raised.
    general on_error: OnError = OnError::Report => {
        russian: "Что делать с записью, которую не удалось сравнить: `\"report\"` — внести её в список с \
            причиной; `\"raise\"` — первая такая ошибка завершает вызов исключением.",
        kind: ValueKind::Choice(&OnError::NAMES),
        topic: Topic::Comparing,
        functions: TREES,
        layers: CONFIGURED,
    };
}
