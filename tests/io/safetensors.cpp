// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <typegrad/io/safetensors.hpp>
#include <vector>

#include "../data/support.hpp"

namespace tg = typegrad;
namespace st = typegrad::safetensors;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using test::message_of;

namespace {

std::string eight(std::uint64_t value) {
  std::string out;
  for (int i = 0; i < 8; ++i) out += static_cast<char>((value >> (8 * i)) & 0xffU);
  return out;
}

// A file with this header and this many zero bytes behind it.
std::string with_header(std::string_view json, std::size_t buffer = 0) {
  return eight(json.size()) + std::string(json) + std::string(buffer, '\0');
}

st::file parse(std::string_view text) {
  return st::parse(std::as_bytes(std::span(text)), "f.safetensors");
}

// What is wrong with a file; the same whether it comes from memory or from disk.
std::string error(std::string const& text) {
  auto const in_memory = message_of([&] { parse(text); });
  test::folder const at;
  test::write_file(at / "f.safetensors", text);
  auto const on_disk = message_of([&] { st::read(at / "f.safetensors"); });
  auto const folder = at.path().string() + "/";
  CHECK((on_disk.empty() ? "" : on_disk.substr(folder.size())) == in_memory);
  return in_memory;
}

std::string one(std::string_view entry, std::size_t buffer = 0) {
  return error(with_header("{\"a\":" + std::string(entry) + "}", buffer));
}

struct sample {
  test::folder at;
  std::filesystem::path path = at / "m.safetensors";
  std::vector<float> kernel{1, 2, 3, 4, 5, 6};
  std::vector<std::int64_t> step{-7};
  std::vector<std::uint8_t> mask{1, 0, 1};
  std::array<std::uint64_t, 2> kernel_shape{2, 3}, empty_shape{0, 5};
  std::array<std::uint64_t, 1> mask_shape{3};
  st::metadata_map metadata{{"format", "tg"}, {"quote\"\n\x01", "\xc3\xa4\xe2\x82\xac\\"}};

  sample() {
    std::array const tensors{
        st::view_of<std::uint8_t>("mask", mask_shape, mask),
        st::view_of<float>("dense/kernel", kernel_shape, kernel),
        st::view_of<float>("dense/empty", empty_shape, std::span<float const>()),
        st::view_of<std::int64_t>("step", {}, step),
    };
    st::write(path, tensors, metadata);
  }
};

}  // namespace

TEST_CASE("safetensors: what was written is read") {
  sample const s;
  auto const file = st::read(s.path);
  CHECK(file.metadata() == s.metadata);
  REQUIRE(file.size() == 4);
  auto const kernel = file.at("dense/kernel");
  CHECK(kernel.type == st::dtype::f32);
  CHECK(std::vector(kernel.shape.begin(), kernel.shape.end()) == std::vector<std::uint64_t>{2, 3});
  std::vector<float> values(6);
  kernel.copy_to<float>(values);
  CHECK(values == s.kernel);
  std::int64_t step = 0;
  file.at("step").copy_to(std::span(&step, 1));
  CHECK(step == -7);
  CHECK(file.at("step").shape.empty());
  CHECK(file.at("dense/empty").size() == 0);
  CHECK(file.contains("mask"));
  CHECK(!file.contains("mas"));
  CHECK(file.name() == s.path.string());
}

TEST_CASE("safetensors: the bytes are the reference writer's") {
  test::folder const at;
  std::vector<float> const b{1.0f};
  std::vector<std::int64_t> const z{2};
  std::array<std::uint64_t, 1> const shape{1};
  std::array const tensors{st::view_of<float>("b", shape, b), st::view_of<float>("a", shape, b),
                           st::view_of<std::int64_t>("z", shape, z)};
  st::write(at / "f", tensors, {{"k", "v"}});
  std::string const json = R"({"__metadata__":{"k":"v"},)"
                           R"("z":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},)"
                           R"("a":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},)"
                           R"("b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}})";
  std::size_t const padded = (json.size() + 7) / 8 * 8;
  CHECK(test::read_file(at / "f") ==
        eight(padded) + json + std::string(padded - json.size(), ' ') +
            std::string("\x02\0\0\0\0\0\0\0\0\0\x80\x3f\0\0\x80\x3f", 16));
}

TEST_CASE("safetensors: no tensors at all") {
  test::folder const at;
  st::write(at / "f", {});
  CHECK(test::read_file(at / "f") == eight(8) + "{}      ");
  CHECK(st::read(at / "f").size() == 0);
  CHECK(error(with_header("{}")).empty());
  CHECK(error(with_header(R"({"__metadata__":{}})")).empty());
}

TEST_CASE("safetensors: every dtype has its size") {
  std::pair<char const*, int> const eight_values[] = {
      {"BOOL", 8},        {"F4", 4},          {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8},
      {"I8", 8},          {"F8_E5M2", 8},     {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"I16", 16},
      {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"U16", 16},    {"F16", 16},    {"BF16", 16},
      {"I32", 32},        {"U32", 32},        {"F32", 32},    {"C64", 64},    {"F64", 64},
      {"I64", 64},        {"U64", 64}};
  for (auto const& [name, bytes] : eight_values) {
    auto const n = std::to_string(bytes);
    auto const entry =
        std::string(R"({"dtype":")") + name + R"(","shape":[2,4],"data_offsets":[0,)";
    CHECK(one(entry + n + "]}", static_cast<std::size_t>(bytes)).empty());
    CHECK_THAT(one(entry + std::to_string(bytes + 1) + "]}", static_cast<std::size_t>(bytes) + 1),
               ContainsSubstring("needs " + n + " bytes for 2x4 values of " + name));
  }
  CHECK_THAT(one(R"({"dtype":"F4","shape":[3],"data_offsets":[0,1]})", 1),
             ContainsSubstring("does not end on a byte"));
  CHECK_THAT(one(R"({"dtype":"F128","shape":[1],"data_offsets":[0,16]})", 16),
             ContainsSubstring("tensor \"a\" has the unknown dtype \"F128\""));
}

TEST_CASE("safetensors: lengths that lie") {
  CHECK_THAT(error(""), ContainsSubstring("ends at byte 0, inside the 8 bytes"));
  CHECK_THAT(error("1234567"), ContainsSubstring("ends at byte 7"));
  CHECK_THAT(error(eight(3) + "{}"), ContainsSubstring("the header needs 3 bytes from byte 8"));
  CHECK_THAT(error(eight(100'000'001)), ContainsSubstring("more than the format's 100000000"));
  CHECK_THAT(error(std::string(8, '\xff') + "{}"), ContainsSubstring("18446744073709551615 bytes"));
  CHECK_THAT(error(eight(0)), ContainsSubstring("byte 8: the header must begin with '{'"));
  CHECK_THAT(error(with_header(" {}")), ContainsSubstring("byte 8: the header must begin with"));
  CHECK_THAT(error(with_header("{}", 1)), ContainsSubstring("something follows them"));
}

TEST_CASE("safetensors: offsets that lie") {
  std::string const f32 = R"({"dtype":"F32","shape":[1],"data_offsets":)";
  CHECK(one(f32 + "[0,4]}", 4).empty());
  CHECK_THAT(one(f32 + "[0,4]}", 3), ContainsSubstring("beyond the buffer's 3 bytes; the file is"));
  CHECK_THAT(one(f32 + "[0,4]}", 5), ContainsSubstring("end at byte 4 of the buffer, which has 5"));
  CHECK_THAT(one(f32 + "[4,0]}", 4), ContainsSubstring("ends before it begins"));
  CHECK_THAT(one(f32 + "[1,5]}", 5), ContainsSubstring("leaves a hole"));
  CHECK_THAT(one(f32 + "[18446744073709551612,18446744073709551615]}", 4),
             ContainsSubstring("leaves a hole"));
  CHECK_THAT(one(f32 + "[0,18446744073709551616]}", 4),
             ContainsSubstring("a number of more than 64 bits"));
  auto const two = [&](std::string_view a, std::string_view b) {
    return error(with_header(
        "{\"a\":" + f32 + std::string(a) + "},\"b\":" + f32 + std::string(b) + "}}", 8));
  };
  CHECK(two("[0,4]", "[4,8]").empty());
  CHECK(two("[4,8]", "[0,4]").empty());
  CHECK_THAT(two("[0,4]", "[2,6]"), ContainsSubstring("tensor \"b\" at bytes 2 to 6"));
  CHECK_THAT(two("[0,4]", "[2,6]"), ContainsSubstring("overlaps the tensor before it"));
  CHECK_THAT(two("[0,4]", "[0,4]"), ContainsSubstring("overlaps"));
  CHECK_THAT(two("[0,4]", "[5,9]"), ContainsSubstring("hole"));
  auto const shape = [&](std::string_view dims) {
    return one(R"({"dtype":"U8","shape":)" + std::string(dims) + R"(,"data_offsets":[0,0]})");
  };
  CHECK(shape("[0]").empty());
  CHECK_THAT(shape("[4294967296,4294967296]"), ContainsSubstring("more bytes than 64 bits"));
  CHECK_THAT(shape("[18446744073709551615]"), ContainsSubstring("more bytes than 64 bits"));
  CHECK_THAT(shape("[]"), ContainsSubstring("needs 1 bytes for () values of U8"));
}

TEST_CASE("safetensors: JSON of another form is refused at its byte") {
  std::string const good = R"("dtype":"U8","shape":[1],"data_offsets":[0,1])";
  CHECK(one("{" + good + "}", 1).empty());
  CHECK(error(with_header("{ \"a\" :\t{" + good + "}\n}  ", 1)).empty());
  CHECK_THAT(one("[]"), ContainsSubstring("byte 13: '{' is needed, got \"[]}\""));
  CHECK_THAT(one("{}"), ContainsSubstring("byte 13: tensor \"a\" lacks its dtype"));
  CHECK_THAT(one(R"({"dtype":"U8","shape":[1]})"), ContainsSubstring("lacks its data_offsets"));
  CHECK_THAT(one("{" + good + R"(,"x":1})", 1), ContainsSubstring("unknown entry \"x\""));
  CHECK_THAT(one("{" + good + R"(,"dtype":"U8"})", 1), ContainsSubstring("two entries \"dtype\""));
  CHECK_THAT(one("{" + good + ",}", 1), ContainsSubstring("'\"' is needed"));
  auto const number = [&](std::string_view text) {
    return one(R"({"dtype":"U8","shape":[)" + std::string(text) + R"(],"data_offsets":[0,1]})", 1);
  };
  for (auto const* bad : {"-1", "1.0", "1e0", "01", "+1", "\"1\"", "null", "[1]", ""}) {
    CHECK(number(bad).empty() == (std::string_view(bad).empty()));
  }
  CHECK_THAT(number("1.5"), ContainsSubstring("a whole number is needed, got \"1.5]"));
  CHECK_THAT(error(with_header("{\"a\":{" + good + "},\"a\":{" + good + "}}", 1)),
             ContainsSubstring("two tensors are called \"a\""));
  CHECK_THAT(error(with_header(R"({"__metadata__":{"a":"b","a":"c"}})")),
             ContainsSubstring("__metadata__ has two entries \"a\""));
  CHECK_THAT(error(with_header(R"({"__metadata__":{},"__metadata__":{}})")),
             ContainsSubstring("a second __metadata__"));
  CHECK_THAT(error(with_header(R"({"__metadata__":{"a":1}})")),
             ContainsSubstring("'\"' is needed"));
  CHECK_THAT(error(with_header("{}x")), ContainsSubstring("text follows the end of the header"));
  CHECK_THAT(error(with_header(std::string(100000, '['))), ContainsSubstring("must begin"));
  CHECK_THAT(error(with_header("{\"a\":" + std::string(100000, '{'))),
             ContainsSubstring("byte 14"));
  CHECK_THAT(error(with_header("{\"a")), ContainsSubstring("the text ends inside a string"));
}

TEST_CASE("safetensors: strings") {
  auto const read_key = [](std::string_view quoted) {
    return parse(with_header("{\"__metadata__\":{\"k\":\"" + std::string(quoted) + "\"}}"))
        .metadata()
        .at("k");
  };
  CHECK(read_key(R"(\u0041\n\"\\\/\b\f\r\t)") == "A\n\"\\/\b\f\r\t");
  CHECK(read_key(R"(\u00e4\u20AC\ud83d\ude00)") == "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
  CHECK(read_key("\xc3\xa4\xf0\x9f\x98\x80") == "\xc3\xa4\xf0\x9f\x98\x80");
  for (auto const* bad : {R"(\x)", R"(\u12)", R"(\u12g4)", R"(\ud83d)", R"(\ud83dA)", R"(\ude00)",
                          R"(\ud83d\u0041)", "\x80", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80",
                          "\xf5\x80\x80\x80", "\xf0\x8f\x80\x80", "\xc3", "a\nb", "\x1f"}) {
    CHECK(!message_of([&] { read_key(bad); }).empty());
  }
}

TEST_CASE("safetensors: what cannot be written is refused, and the old file stays") {
  sample const s;
  auto const old = test::read_file(s.path);
  std::vector<float> const v{1, 2};
  std::array<std::uint64_t, 1> const two{2}, three{3};
  auto const attempt = [&](std::vector<st::tensor_view> const& tensors,
                           st::metadata_map const& metadata = {}) {
    return message_of([&] { st::write(s.path, tensors, metadata); });
  };
  CHECK_THAT(attempt({st::view_of<float>("a", three, v)}),
             ContainsSubstring("tensor \"a\" has 8 bytes, 3 values of F32 need 12"));
  CHECK_THAT(attempt({st::view_of<float>("a", two, v), st::view_of<float>("a", two, v)}),
             ContainsSubstring("two tensors are called \"a\""));
  CHECK_THAT(attempt({st::view_of<float>("__metadata__", two, v)}),
             ContainsSubstring("keeps for itself"));
  CHECK_THAT(attempt({st::view_of<float>("a\xff", two, v)}), ContainsSubstring("is not UTF-8"));
  CHECK_THAT(attempt({}, {{"k", "\xff"}}), ContainsSubstring("is not UTF-8"));
  CHECK(test::read_file(s.path) == old);
  CHECK(s.at.entries() == 1);
}

TEST_CASE("safetensors: a wrong name, type or size is a sentence") {
  sample const s;
  auto const file = st::read(s.path);
  CHECK_THAT(message_of([&] { file.at("dense/kernle"); }),
             ContainsSubstring("there is no tensor \"dense/kernle\"; there are step, dense/empty"));
  std::vector<double> wide(6);
  CHECK_THAT(message_of([&] { file.at("dense/kernel").copy_to<double>(wide); }),
             ContainsSubstring("is 6 values of F32, wanted are 6 of F64"));
  std::vector<float> few(5);
  CHECK_THAT(message_of([&] { file.at("dense/kernel").copy_to<float>(few); }),
             ContainsSubstring("is 6 values of F32, wanted are 5 of F32"));
  CHECK_THAT(message_of([&] { st::read(s.at / "none"); }), ContainsSubstring("no such file"));
  CHECK_THAT(message_of([&] { st::read(s.at.path()); }), ContainsSubstring("not a regular file"));
}

TEST_CASE("safetensors: a file cut at any byte is refused") {
  sample const s;
  auto const whole = test::read_file(s.path);
  REQUIRE(error(whole).empty());
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    auto const text = message_of([&] { parse(whole.substr(0, cut)); });
    CHECK_THAT(text, StartsWith("f.safetensors: "));
  }
  CHECK(!error(whole + '\0').empty());
}

TEST_CASE("safetensors: any changed byte gives an error or a valid file") {
  sample const s;
  auto const whole = test::read_file(s.path);
  std::size_t refused = 0, accepted = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int const change : {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff}) {
      auto damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ change);
      auto const text = message_of([&] {
        auto const file = parse(damaged);
        // Reading all of a file that was accepted stays inside its bytes.
        unsigned sum = 0;
        for (std::size_t i = 0; i < file.size(); ++i) {
          for (std::byte const b : file[i].bytes) sum += std::to_integer<unsigned>(b);
          CHECK(file.at(file[i].name).bytes.size() == file[i].bytes.size());
        }
        CHECK(sum < 1'000'000);
        ++accepted;
      });
      if (!text.empty()) ++refused;
    }
  }
  CHECK(refused + accepted == 9 * whole.size());
  CHECK(refused > 1000);
  CHECK(accepted > 300);  // the values' bytes, and letters of names
}
