/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TRAIN_EVALUATE_H
#define EFFNN_TRAIN_EVALUATE_H

/* Metrics on logits, apart from running a model. Sums are in double, in sample order. */

#include "base/status.h"

/* Index of the largest of n logits, the lowest on a tie. */
size_t effnn__metric_argmax(const float *logits, size_t n);

/* Cross-entropy of one sample in nats. */
double effnn__metric_cross_entropy(const float *logits, size_t n, size_t target);

/* KL(p ‖ q) of the softmax distributions of two rows of logits, in nats. */
double effnn__metric_kl(const float *p_logits, const float *q_logits, size_t n);
#endif
