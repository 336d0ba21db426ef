use super::*;
use crate::archive::structure::Listed;
use crate::archive::structure::testing::pulled;

/// A cabinet, as \[MS-CAB\] has it: files by folder, and of each folder the blocks of data, packed and
/// unpacked. All is stored, and without sums.
fn cabinet(files: &[(u16, u32, u32)], folders: &[&[(u16, u16)]], reserved: bool) -> Vec<u8> {
    let (area, folder_area, data_area) = if reserved { (3, 2, 1) } else { (0, 0, 0) };
    let list = files.iter().enumerate().flat_map(|(index, (folder, at, size))| {
        let (at, size) = (at.to_le_bytes(), size.to_le_bytes());
        let name = format!("dir\\{index}\0").into_bytes();
        [&size[..], &at, &folder.to_le_bytes(), &[0; 6], &name].concat()
    });
    let list = list.collect::<Vec<_>>();
    let files_at = 36 + if reserved { 4 + area } else { 0 } + folders.len() * (8 + folder_area);
    let (mut table, mut data) = (Vec::new(), Vec::new());
    for blocks in folders {
        let at = u32::try_from(files_at + list.len() + data.len()).expect("small");
        let count = u16::try_from(blocks.len()).expect("few");
        table.extend([&at.to_le_bytes()[..], &count.to_le_bytes(), &[0; 2]].concat());
        table.resize(table.len() + folder_area, 0);
        for (packed, unpacked) in *blocks {
            data.extend([&[0; 4][..], &packed.to_le_bytes(), &unpacked.to_le_bytes()].concat());
            data.resize(data.len() + data_area + usize::from(*packed), 7);
        }
    }
    let length = u32::try_from(files_at + list.len() + data.len()).expect("small");
    let files_at = u32::try_from(files_at).expect("small").to_le_bytes();
    let count = |length: usize| u16::try_from(length).expect("few").to_le_bytes();
    let mut header =
        [b"MSCF\0\0\0\0", &length.to_le_bytes()[..], &[0; 4], &files_at, &[0; 4]].concat();
    header.extend([[3, 1], count(folders.len()), count(files.len())].concat());
    header.extend([u8::from(reserved) * 4, 0, 0, 0, 0, 0]);
    if reserved {
        header.extend([3, 0, 2, 1, 9, 9, 9]);
    }
    [header, table, list, data].concat()
}

fn walked(bytes: &[u8]) -> (Vec<Listed>, Result<Whole, Broken>) {
    pulled(&mut Cab::new(true), bytes)
}

const FILES: [(u16, u32, u32); 4] = [(0, 0, 5), (0, 5, 32768), (0, 32773, 0), (1, 0, 4)];
const FOLDERS: [&[(u16, u16)]; 2] = [&[(100, 32768), (5, 5)], &[(4, 4)]];

#[test]
fn files_are_listed_until_the_end() {
    for reserved in [false, true] {
        let bytes = cabinet(&FILES, &FOLDERS, reserved);
        let (listed, outcome) = walked(&[&bytes[..], b"a signature"].concat());
        assert_eq!(outcome, Ok(Whole { end: bytes.len() as u64, ..Whole::default() }));
        let wanted = FILES.iter().enumerate().map(|(index, (.., size))| Listed {
            name: Some(format!("dir/{index}").into()),
            size: Some((*size).into()),
        });
        assert_eq!(listed, wanted.collect::<Vec<_>>());
    }
}

#[test]
fn a_cut_cabinet_is_broken_wherever_it_is_cut() {
    let bytes = cabinet(&FILES, &FOLDERS, true);
    for length in 0..bytes.len() {
        assert!(walked(&bytes[..length]).1.is_err(), "{length}");
    }
}

#[test]
fn one_of_a_set_is_broken() {
    for (at, value) in [(30, 1), (30, 2), (34, 1)] {
        let mut bytes = cabinet(&FILES, &FOLDERS, false);
        bytes[at] |= value;
        let why = "is one of a set of cabinets, which have its files together";
        assert_eq!(walked(&bytes).1, Broken::because(why));
    }
    for folder in 0xfffd..=0xffff {
        assert!(walked(&cabinet(&[(folder, 0, 4)], &[&[(4, 4)]], false)).1.is_err());
    }
}

#[test]
fn files_and_data_have_to_fit() {
    let one = |file, folders: &[&[(u16, u16)]]| walked(&cabinet(&[file], folders, false)).1;
    assert!(one((0, 0, 4), &[&[(4, 4)]]).is_ok());
    assert!(one((0, 0, 5), &[&[(4, 4)]]).is_err());
    assert!(one((0, 0, 4), &[&[]]).is_err());
    assert!(one((0, 1, 3), &[&[(4, 4)]]).is_err());
    assert!(one((1, 0, 4), &[&[(4, 4)]]).is_err());
    // Data that reach beyond the end.
    let mut bytes = cabinet(&FILES, &FOLDERS, false);
    bytes[8] -= 1;
    assert!(walked(&bytes).1.is_err());
    assert!(walked(b"MZ, and so on until the header would have been read").1.is_err());
}

#[test]
fn lzx_is_taken_where_it_is_read_soundly() {
    let mut bytes = cabinet(&FILES, &FOLDERS, false);
    bytes[36 + 6] = 3;
    assert!(walked(&bytes).1.is_ok());
    assert!(pulled(&mut Cab::new(false), &bytes).1.is_err());
}

#[test]
fn a_great_many_folders_take_no_more_stack_than_a_few() {
    let bytes = cabinet(&[(0, 0, 0)], &vec![&[][..]; usize::from(u16::MAX)], false);
    let walked = std::thread::Builder::new()
        .stack_size(64 << 10)
        .spawn(move || walked(&bytes).1.map(|whole| whole.end == bytes.len() as u64));
    assert_eq!(walked.expect("a thread").join().expect("no overflow"), Ok(true));
}

#[test]
fn folders_with_more_reserved_than_is_kept_in_memory_are_refused() {
    let mut bytes = cabinet(&FILES, &FOLDERS, true);
    // How many folders there are, and how much is reserved in each.
    bytes[26..28].copy_from_slice(&u16::MAX.to_le_bytes());
    bytes[38] = u8::MAX;
    let why = "has more reserved for its folders than can be accounted for";
    assert_eq!(walked(&bytes).1, Err(Broken(why.to_owned())));
}
