/* SPDX-License-Identifier: BSD-3-Clause */
/* Compress a model: load it, calibrate `lowrank` on training data, judge on test data, save.
 *
 *     cc 01_compress.c $(pkg-config --cflags --libs effnn) -o compress
 *     ./compress examples/data small.onnx
 */

#include <effnn/effnn.h>

#include <stdio.h>

static effnn_status open_digits(effnn_dataset **out, const char *folder, const char *slice,
                                const effnn_model *model)
{
    char uri[1024];

    snprintf(uri, sizeof uri, "records:%s/digits.bin,shape=1/8/8,label=first,scale=16,%s", folder,
             slice);
    return effnn_dataset_open(out, NULL, uri, model);
}

static void print_change(const effnn_report *report, const char *label, const char *before,
                         const char *after)
{
    double a = 0.0, b = 0.0;

    if (effnn_report_get(&a, report, before) == EFFNN_OK &&
        effnn_report_get(&b, report, after) == EFFNN_OK)
        printf("%-12s %12g -> %g\n", label, a, b);
}

static effnn_status compress(const char *folder, const char *target)
{
    effnn_transform_options options = EFFNN_TRANSFORM_OPTIONS_INIT;
    effnn_transform *method = NULL;
    effnn_model *model = NULL;
    effnn_report *report = NULL;
    char path[1024];
    effnn_status status;

    snprintf(path, sizeof path, "%s/digits_vit.onnx", folder);
    status = effnn_model_load(&model, NULL, path, NULL);
    if (status == EFFNN_OK) status = open_digits(&options.data, folder, "count=1024", model);
    if (status == EFFNN_OK)
        status = open_digits(&options.evaluate, folder, "first=1297,count=500", model);
    if (status == EFFNN_OK) status = effnn_transform_create(&method, NULL, "lowrank");
    if (status == EFFNN_OK) status = effnn_transform_set(method, "reduction", "0.6");
    if (status == EFFNN_OK) status = effnn_transform_run(method, model, &options, &report);
    if (status == EFFNN_OK) {
        print_change(report, "parameters", "before.parameters", "after.parameters");
        print_change(report, "MACs", "before.macs", "after.macs");
        print_change(report, "top-1", "before.top1", "after.top1");
        status = effnn_model_save(model, target, NULL);
    }
    effnn_report_destroy(report);
    effnn_transform_destroy(method);
    effnn_dataset_destroy(options.evaluate);
    effnn_dataset_destroy(options.data);
    effnn_model_destroy(model);
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s FOLDER_WITH_DATA OUT.onnx\n", argv[0]);
        return 2;
    }
    if (compress(argv[1], argv[2]) != EFFNN_OK) {
        fprintf(stderr, "%s\n", effnn_last_error());
        return 1;
    }
    return 0;
}
