/* XXH64 against values of the reference implementation, MurmurHash64A against std::hash of libstdc++, over every length
   around their strides. */
#include <fastpath/hash.h>

#include "check.h"

/* The reference's own sanity buffer: bytes of a multiplicative generator. */
static void fill(uint8_t *buffer, size_t len) {
  uint64_t generator = 2654435761u;
  for (size_t i = 0; i < len; i++) {
    buffer[i] = (uint8_t)(generator >> 56);
    generator *= 11400714785074694797u;
  }
}

static void check_hash(const uint8_t *data, size_t len, uint64_t seed, uint64_t expected) {
  if (fp_hash_xxh64(data, len, seed) != expected) {
    fprintf(stderr, "XXH64 of %zu bytes with seed %llu: got %llx\n", len, (unsigned long long)seed,
            (unsigned long long)fp_hash_xxh64(data, len, seed));
    exit(1);
  }
}

int main(void) {
  uint8_t buffer[256];
  fill(buffer, sizeof buffer);
  check_hash(NULL, 0, 0, 0xEF46DB3751D8E999u);
  check_hash((const uint8_t *)"abc", 3, 0, 0x44BC2CF5AD770999u);
  check_hash(buffer, 1, 0u, 0xE934A84ADB052768u);
  check_hash(buffer, 1, 2654435761u, 0x5014607643A9B4C3u);
  check_hash(buffer, 1, 18446744073709551615u, 0x8BA3328805E37C90u);
  check_hash(buffer, 3, 0u, 0xFF7E1959CB50794Au);
  check_hash(buffer, 3, 2654435761u, 0xAA8584E83660F7D1u);
  check_hash(buffer, 3, 18446744073709551615u, 0xD98FF19E5346B786u);
  check_hash(buffer, 4, 0u, 0x9136A0DCA57457EEu);
  check_hash(buffer, 4, 2654435761u, 0xCAAB286BD8E9FDB5u);
  check_hash(buffer, 4, 18446744073709551615u, 0x159FBDB3FC3FC1D6u);
  check_hash(buffer, 7, 0u, 0x6C83909A9F01ED25u);
  check_hash(buffer, 7, 2654435761u, 0xF98D03B1AD6F9293u);
  check_hash(buffer, 7, 18446744073709551615u, 0x73BDE04667CA6BF4u);
  check_hash(buffer, 8, 0u, 0xCDBCF538E71D1348u);
  check_hash(buffer, 8, 2654435761u, 0xFE0C047A5353CDACu);
  check_hash(buffer, 8, 18446744073709551615u, 0x568E81B1596E8283u);
  check_hash(buffer, 9, 0u, 0x554B1AE991EDA6B6u);
  check_hash(buffer, 9, 2654435761u, 0x7908265248F6D73Fu);
  check_hash(buffer, 9, 18446744073709551615u, 0x82763E2471C59DEDu);
  check_hash(buffer, 12, 0u, 0x0723BF50086EAD9Au);
  check_hash(buffer, 12, 2654435761u, 0x8252819F4E506951u);
  check_hash(buffer, 12, 18446744073709551615u, 0x3076E05B0AB6ECE0u);
  check_hash(buffer, 13, 0u, 0xC2E5013E3C40BCF7u);
  check_hash(buffer, 13, 2654435761u, 0x4DF437A291CB1039u);
  check_hash(buffer, 13, 18446744073709551615u, 0xE6918F231CE546F9u);
  check_hash(buffer, 15, 0u, 0x180719316D622D84u);
  check_hash(buffer, 15, 2654435761u, 0xD61105C20E91F99Fu);
  check_hash(buffer, 15, 18446744073709551615u, 0xABA497CF6BECE3A5u);
  check_hash(buffer, 16, 0u, 0x98C90B57FDFCB55Cu);
  check_hash(buffer, 16, 2654435761u, 0xC900AD2D536B607Eu);
  check_hash(buffer, 16, 18446744073709551615u, 0x2A361A78823233FEu);
  check_hash(buffer, 17, 0u, 0x0D39A2D051A30C2Cu);
  check_hash(buffer, 17, 2654435761u, 0x495CD68A647C7A22u);
  check_hash(buffer, 17, 18446744073709551615u, 0x29CB6DD1A6236E81u);
  check_hash(buffer, 31, 0u, 0x299B39A290E6D783u);
  check_hash(buffer, 31, 2654435761u, 0xDA673D5FEB5C1D79u);
  check_hash(buffer, 31, 18446744073709551615u, 0x6ED1061F61C686E5u);
  check_hash(buffer, 32, 0u, 0x18B216492BB44B70u);
  check_hash(buffer, 32, 2654435761u, 0xB3F33BDF93ADE409u);
  check_hash(buffer, 32, 18446744073709551615u, 0x3A793D9020113C2Au);
  check_hash(buffer, 33, 0u, 0x55C8DC3E578F5B59u);
  check_hash(buffer, 33, 2654435761u, 0xE92C292F64BC3071u);
  check_hash(buffer, 33, 18446744073709551615u, 0x3E29B6E70F2543DAu);
  check_hash(buffer, 39, 0u, 0xB888CAF07592B1B3u);
  check_hash(buffer, 39, 2654435761u, 0x602E74D43465AC3Du);
  check_hash(buffer, 39, 18446744073709551615u, 0x90AB239BF57108C9u);
  check_hash(buffer, 63, 0u, 0xA9EFBE0FA0F3F4E7u);
  check_hash(buffer, 63, 2654435761u, 0x6C911FADB05B6FC2u);
  check_hash(buffer, 63, 18446744073709551615u, 0x93B7C9E8CE6DE24Cu);
  check_hash(buffer, 64, 0u, 0xEF558F8ACAC2B5CDu);
  check_hash(buffer, 64, 2654435761u, 0xB5EEBA99264CC44Fu);
  check_hash(buffer, 64, 18446744073709551615u, 0xD48294C0C6D5D9FDu);
  check_hash(buffer, 65, 0u, 0xDE0F20DC2631AF7Au);
  check_hash(buffer, 65, 2654435761u, 0xD3F6FF3941E310CAu);
  check_hash(buffer, 65, 18446744073709551615u, 0xD3366084A3FD665Bu);
  check_hash(buffer, 95, 0u, 0xFF9F46BDCC644624u);
  check_hash(buffer, 95, 2654435761u, 0x72E75A560EF624A3u);
  check_hash(buffer, 95, 18446744073709551615u, 0xD72722F9207F0AD7u);
  check_hash(buffer, 96, 0u, 0x105064E743EDD1D9u);
  check_hash(buffer, 96, 2654435761u, 0x8FF0B4ABEE6F03CCu);
  check_hash(buffer, 96, 18446744073709551615u, 0xE88686775216D7F4u);
  check_hash(buffer, 101, 0u, 0xA51EA2101B2D114Cu);
  check_hash(buffer, 101, 2654435761u, 0x6B38A5BBBA1F049Cu);
  check_hash(buffer, 101, 18446744073709551615u, 0xFB7C0D10D31AE4F5u);
  check_hash(buffer, 222, 0u, 0xB641AE8CB691C174u);
  check_hash(buffer, 222, 2654435761u, 0x20CB8AB7AE10C14Au);
  check_hash(buffer, 222, 18446744073709551615u, 0x61920BEF9B9A65CAu);
  check_hash(buffer, 256, 0u, 0x5E3F5BF94D574981u);
  check_hash(buffer, 256, 2654435761u, 0x34733CBD9CC1B0D5u);
  check_hash(buffer, 256, 18446744073709551615u, 0xAF5F8BC6A9EA05FCu);
  CHECK(fp_hash_murmur64a(buffer, 0, 0xC70F6907u) == 0x553E93901E462A6Eu);
  CHECK(fp_hash_murmur64a(buffer, 1, 0xC70F6907u) == 0x6D09EE26D5863619u);
  CHECK(fp_hash_murmur64a(buffer, 2, 0xC70F6907u) == 0x21C3FB07C46E13CCu);
  CHECK(fp_hash_murmur64a(buffer, 3, 0xC70F6907u) == 0x4C517726CD21CF26u);
  CHECK(fp_hash_murmur64a(buffer, 4, 0xC70F6907u) == 0x6009A97E0D7048E7u);
  CHECK(fp_hash_murmur64a(buffer, 5, 0xC70F6907u) == 0x81ED504B3585C4C0u);
  CHECK(fp_hash_murmur64a(buffer, 6, 0xC70F6907u) == 0x508A9E629EAB4C78u);
  CHECK(fp_hash_murmur64a(buffer, 7, 0xC70F6907u) == 0xF1BE5F979EA4E6D6u);
  CHECK(fp_hash_murmur64a(buffer, 8, 0xC70F6907u) == 0x9F268D3ACB12C28Fu);
  CHECK(fp_hash_murmur64a(buffer, 9, 0xC70F6907u) == 0xDC58FD0B9CCEA00Au);
  CHECK(fp_hash_murmur64a(buffer, 15, 0xC70F6907u) == 0x316210BA577C98EDu);
  CHECK(fp_hash_murmur64a(buffer, 16, 0xC70F6907u) == 0x97050415D77DC76Eu);
  CHECK(fp_hash_murmur64a(buffer, 17, 0xC70F6907u) == 0x426101A0E33CF47Eu);
  CHECK(fp_hash_murmur64a(buffer, 31, 0xC70F6907u) == 0x3BCCB5717E90AF5Du);
  CHECK(fp_hash_murmur64a(buffer, 64, 0xC70F6907u) == 0x217A653885227DB3u);
  /* Unaligned data hashes as aligned data does. */
  for (size_t len = 0; len < 64; len++) {
    uint8_t shifted[65];
    memcpy(shifted + 1, buffer, len);
    check_hash(shifted + 1, len, 7, fp_hash_xxh64(buffer, len, 7));
  }
  return 0;
}
