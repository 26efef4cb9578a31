/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_KERNELS_CONV_CONV_H
#define EFFNN_KERNELS_CONV_CONV_H

/* The ways to convolve, for the tables in kernels.c and for each other. */

#include "kernels/isa.h"
#include "kernels/kernels.h"

size_t effnn__conv2d_scratch_ref(const effnn_context *context, const effnn__conv2d *conv);
effnn_status effnn__conv2d_f32_ref(effnn_context *context, const effnn__conv2d *conv,
                                   const float *x, const float *weight,
                                   const effnn__epilogue *after, float *y, void *scratch);
size_t effnn__conv2d_scratch_tiles(const effnn_context *context, const effnn__conv2d *conv);
effnn_status effnn__conv2d_f32_tiles(effnn_context *context, const effnn__conv2d *conv,
                                     const float *x, const float *weight,
                                     const effnn__epilogue *after, float *y, void *scratch);
size_t effnn__conv2d_pack_bytes_tiles(const effnn__conv2d *conv);
void effnn__conv2d_pack_tiles(const effnn__conv2d *conv, const float *weight, float *packed);
effnn_status effnn__conv2d_packed_f32_tiles(effnn_context *context, const effnn__conv2d *conv,
                                            const float *x, const float *packed,
                                            const effnn__epilogue *after, float *y, void *scratch);

/* Convolutions of stride 1 with packed weights, over slabs of the padded picture (conv_slabs.c);
 * after: not NULL. */
bool effnn__conv2d_fits_slabs(const effnn__conv2d *conv);
size_t effnn__conv2d_scratch_slabs(const effnn_context *context, const effnn__conv2d *conv);
effnn_status effnn__conv2d_f32_slabs(effnn_context *context, const effnn__conv2d *conv,
                                     const float *x, const float *packed,
                                     const effnn__epilogue *after, float *y, void *scratch);

/* Convolutions with packed weights, output channels side by side in registers (conv_lines.c);
 * after: not NULL. */
bool effnn__conv2d_fits_lines(const effnn__conv2d *conv);
size_t effnn__conv2d_scratch_lines(const effnn_context *context, const effnn__conv2d *conv);
effnn_status effnn__conv2d_f32_lines(effnn_context *context, const effnn__conv2d *conv,
                                     const float *x, const float *packed,
                                     const effnn__epilogue *after, float *y, void *scratch);

size_t effnn__conv2d_pack_bytes_ref(const effnn__conv2d *conv);
void effnn__conv2d_pack_ref(const effnn__conv2d *conv, const float *weight, float *packed);
/* One filter for each channel (c_in = groups), by direct loops. */
effnn_status effnn__conv2d_f32_depthwise(effnn_context *context, const effnn__conv2d *conv,
                                         const float *x, const float *weight,
                                         const effnn__epilogue *after, float *y);
#endif
