/* SPDX-License-Identifier: BSD-3-Clause */
/* Transparent structs: option structs begin with their defaults, result structs come as results. */

%define %options(TYPE, INIT)
%extend TYPE {
    TYPE()
    {
        TYPE *options = calloc(1, sizeof *options);

        if (options) *options = (TYPE)INIT;
        return options;
    }
    ~TYPE() { free($self); }
}
%enddef

%options(effnn_context_options, EFFNN_CONTEXT_OPTIONS_INIT)
%options(effnn_load_options, EFFNN_LOAD_OPTIONS_INIT)
%options(effnn_save_options, EFFNN_SAVE_OPTIONS_INIT)
%options(effnn_session_options, EFFNN_SESSION_OPTIONS_INIT)
%options(effnn_run_options, EFFNN_RUN_OPTIONS_INIT)
%options(effnn_evaluate_options, EFFNN_EVALUATE_OPTIONS_INIT)
%options(effnn_transform_options, EFFNN_TRANSFORM_OPTIONS_INIT)

/* The caller sets `version` so that the library knows the struct: here for every result, to the
 * version of the headers. */
%define %result(TYPE)
%result_of(TYPE, 1)
%enddef
%define %result_of(TYPE, VERSION)
%typemap(in, numinputs=0) TYPE *out {
    $1 = calloc(1, sizeof *$1);
    if (!$1) {
        PyErr_NoMemory();
        SWIG_fail;
    }
    $1->version = VERSION;
}
%typemap(argout) TYPE *out {
    $result = append_result($result, SWIG_NewPointerObj($1, $descriptor(TYPE *), SWIG_POINTER_OWN));
    $1 = NULL;
}
%typemap(freearg) TYPE *out { free($1); }
%nodefaultctor TYPE;
%immutable TYPE;
%extend TYPE { ~TYPE() { free($self); } }
%enddef

%result(effnn_cost)
%result(effnn_value_spec)
%result(effnn_node)
%result(effnn_evaluation)
%result(effnn_session_memory)
%result_of(effnn_node_profile, 2)
%result(effnn_site_info)

/* Arrays of names are looked at by the index functions; SWIG cannot set them. */
%ignore effnn_node::inputs;
%ignore effnn_node::outputs;
%ignore effnn_option_def::choices;
%ignore effnn_dataset_source::names;
%ignore effnn_value_spec::symbols;
