# Mirror of fastpath/regex.h; what each means is told there.
from libc.stdint cimport uint8_t, uint32_t

from fastpath.libfastpath.base cimport fp_error, fp_span, fp_status


cdef extern from "fastpath/regex.h" nogil:
    const uint32_t FASTPATH_REGEX_ID_END

    ctypedef enum fp_regex_encoding:
        FASTPATH_REGEX_UTF8
        FASTPATH_REGEX_LATIN1

    ctypedef struct fp_regex_limits:
        uint8_t encoding
        uint32_t max_pattern
        uint32_t max_nesting
        uint32_t max_instructions
        uint32_t max_dfa_states
        size_t max_dfa_bytes
        size_t max_set_bytes

    ctypedef struct fp_regex
    ctypedef struct fp_regex_set

    ctypedef struct fp_regex_group:
        size_t begin
        size_t end

    void fp_regex_limits_default(fp_regex_limits *limits) noexcept
    fp_status fp_regex_new(
        const uint8_t *pattern, size_t len, const fp_regex_limits *limits, fp_regex **regex, fp_error *error
    ) noexcept
    fp_regex *fp_regex_ref(fp_regex *regex) noexcept
    void fp_regex_unref(fp_regex *regex) noexcept
    fp_span fp_regex_pattern(const fp_regex *regex) noexcept
    size_t fp_regex_size(const fp_regex *regex) noexcept
    uint32_t fp_regex_program_size(const fp_regex *regex) noexcept
    uint32_t fp_regex_group_count(const fp_regex *regex) noexcept
    fp_span fp_regex_group_name(const fp_regex *regex, uint32_t index) noexcept
    fp_span fp_regex_literal_prefix(const fp_regex *regex) noexcept
    int fp_regex_is_literal(const fp_regex *regex) noexcept
    fp_status fp_regex_full_match(const fp_regex *regex, const uint8_t *text, size_t len) noexcept
    fp_status fp_regex_search(
        const fp_regex *regex, const uint8_t *text, size_t len, size_t start, fp_regex_group *groups, size_t count
    ) noexcept
    fp_status fp_regex_check_substitution(
        const fp_regex *regex, const uint8_t *substitution, size_t len, fp_error *error
    ) noexcept
    fp_status fp_regex_replace_all(
        const fp_regex *regex, const uint8_t *substitution, size_t substitution_len, const uint8_t *text, size_t len,
        uint8_t *dst, size_t capacity, size_t *result_len, size_t *replaced
    ) noexcept
    fp_status fp_regex_set_new(
        fp_regex **regexes, size_t count, const fp_regex_limits *limits, fp_regex_set **set, fp_error *error
    ) noexcept
    fp_regex_set *fp_regex_set_ref(fp_regex_set *set) noexcept
    void fp_regex_set_unref(fp_regex_set *set) noexcept
    size_t fp_regex_set_count(const fp_regex_set *set) noexcept
    size_t fp_regex_set_size(const fp_regex_set *set) noexcept
    fp_status fp_regex_set_match(
        const fp_regex_set *set, const uint8_t *text, size_t len, uint32_t first, uint32_t below, uint32_t *ids,
        size_t capacity, size_t *count
    ) noexcept
