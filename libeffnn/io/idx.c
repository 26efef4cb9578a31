/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/idx.h"

#define MAX_BYTES ((uint64_t)1 << 62)

static uint32_t load_u32(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static size_t width_of(int type)
{
    switch (type) {
    case EFFNN__IDX_U8:
    case EFFNN__IDX_I8: return 1;
    case EFFNN__IDX_I16: return 2;
    case EFFNN__IDX_I32: return 4;
    default: return 0;
    }
}

effnn_status effnn__idx_read(effnn__idx *out, const char *name, const void *data, size_t size)
{
    const unsigned char *bytes = data;
    effnn__idx self = { 0 };
    uint64_t need;

    if (size < 4 || bytes[0] != 0 || bytes[1] != 0 || bytes[3] == 0)
        return effnn__fail(EFFNN_E_FORMAT, "'%s' is no idx file by its first bytes", name);
    self.type = bytes[2];
    self.rank = bytes[3];
    self.width = width_of(self.type);
    if (self.width == 0)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "'%s': numbers of idx type 0x%02X", name,
                           (unsigned)self.type);
    if (self.rank > EFFNN__IDX_MAX_RANK)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "'%s' has %zu dimensions, at most %d are possible",
                           name, self.rank, EFFNN__IDX_MAX_RANK);
    if (size < 4 + 4 * self.rank)
        return effnn__fail(EFFNN_E_FORMAT, "'%s' ends within its sizes", name);
    need = self.width;
    for (size_t d = 0; d < self.rank; d++) {
        self.dims[d] = load_u32(bytes + 4 + 4 * d);
        if (self.dims[d] && need > MAX_BYTES / (uint64_t)self.dims[d])
            return effnn__fail(EFFNN_E_FORMAT, "'%s': its sizes multiply to too much", name);
        need *= (uint64_t)self.dims[d];
    }
    if (need != size - 4 - 4 * self.rank)
        return effnn__fail(EFFNN_E_FORMAT, "'%s': its sizes tell of %llu bytes, there are %zu",
                           name, (unsigned long long)need, size - 4 - 4 * self.rank);
    self.data = bytes + 4 + 4 * self.rank;
    *out = self;
    return EFFNN_OK;
}

int64_t effnn__idx_at(const effnn__idx *self, size_t i)
{
    const unsigned char *bytes = self->data + i * self->width;

    switch (self->type) {
    case EFFNN__IDX_U8: return bytes[0];
    case EFFNN__IDX_I8: return (int8_t)bytes[0];
    case EFFNN__IDX_I16: return (int16_t)((unsigned)bytes[0] << 8 | bytes[1]);
    default: return (int32_t)load_u32(bytes);
    }
}
