/* The radiomic features of every voxel's 3x3x3 neighbourhood.
 *
 * The definitions are those of PyRadiomics 3.0.1 in voxel-based mode (kernelRadius 1, maskedKernel): grey levels
 * come from one discretisation over the whole region, only voxels of the region count, neighbours outside the
 * 3x3x3 box do not, and a texture is averaged over the directions that have pairs or runs. A neighbourhood has at
 * most 27 grey levels, so its matrices are kept over the levels it has: a few hundred numbers instead of Ng x Ng x 13.
 *
 * Sums run in PyRadiomics' order where its answer hangs on the last place (moments of flat neighbourhoods, Imc2,
 * Busyness), so that the same voxels come out as 0, 1 or without a value.
 */
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000
#endif
#include <Python.h>

#include "_maps_firstorder.h"
#include "_maps_glcm.h"
#include "_maps_kernel.h"
#include "_maps_sizes.h"

enum family { FIRSTORDER, GLCM, GLDM, GLRLM, GLSZM, NGTDM, N_FAMILIES };
static const int COLUMNS[N_FAMILIES] = {N_FIRSTORDER, N_GLCM, N_SIZES, N_SIZES, N_SIZES, N_NGTDM};

typedef void (*Features)(const Plan *, const Kernel *, double *);
static const Features FEATURES[N_FAMILIES] = {firstorder, glcm, gldm, glrlm, glszm, ngtdm};

typedef struct {
    PyObject *source;
    Py_buffer view;
    const char *what;
    Py_ssize_t bytes;
    int writable;
} Argument;

static int take(Argument *arguments, int count)
{
    for (int i = 0; i < count; i++) {
        Argument *a = &arguments[i];
        int flags = PyBUF_C_CONTIGUOUS | (a->writable ? PyBUF_WRITABLE : 0);
        int got = PyObject_GetBuffer(a->source, &a->view, flags) == 0;
        if (got && a->view.len == a->bytes)
            continue;
        if (got) {
            PyErr_Format(PyExc_ValueError, "%s has %zd bytes, expected %zd", a->what, a->view.len, a->bytes);
            PyBuffer_Release(&a->view);
        }
        while (i--)
            PyBuffer_Release(&arguments[i].view);
        return 0;
    }
    return 1;
}

/* Whether every voxel has all its neighbours on the box and a level, so that no access leaves it. */
static int are_sound(const int64_t *at, Py_ssize_t n, const int32_t *levels, const Py_ssize_t *size)
{
    for (Py_ssize_t v = 0; v < n; v++) {
        int64_t z = at[v] / (size[1] * size[2]), y = at[v] / size[2] % size[1], x = at[v] % size[2];
        if (at[v] < 0 || z < 1 || z > size[0] - 2 || y < 1 || y > size[1] - 2 || x < 1 || x > size[2] - 2)
            return 0;
        if (levels[at[v]] <= 0)
            return 0;
    }
    return 1;
}

PyDoc_STRVAR(neighbourhoods_doc,
    "neighbourhoods(family, sizes, settings, levels, values, at, out)\n--\n\n"
    "`family` counts from 0: firstorder, glcm, gldm, glrlm, glszm, ngtdm; `sizes` are (z, y, x, voxels);\n"
    "`settings` are (highest grey level, grey levels present, mm3 of a voxel, whether the MCC is wanted).\n"
    "`levels` (int32, 0 outside the region) and `values` (float64) lie on a box with a margin of one voxel, `at`\n"
    "(int64) are places on it. Fill `out` (voxels, columns of the family); NaN where a feature has no value.");

static PyObject *neighbourhoods(PyObject *module, PyObject *args)
{
    PyObject *levels, *values, *at, *out;
    Py_ssize_t size[3], n, voxels;
    int family, sound;
    Plan plan;
    (void)module;
    if (!PyArg_ParseTuple(args, "i(nnnn)(nndp)OOOO", &family, &size[0], &size[1], &size[2], &n, &plan.n_levels,
                          &plan.n_present, &plan.voxel_volume, &plan.wants_mcc, &levels, &values, &at, &out))
        return NULL;
    if (family < 0 || family >= N_FAMILIES || n < 1 || size[0] < 3 || size[1] < 3 || size[2] < 3
        || size[0] > PY_SSIZE_T_MAX / 8 / size[1] / size[2] || n > PY_SSIZE_T_MAX / 8 / MOST_FEATURES || plan.n_levels < 1) {
        PyErr_SetString(PyExc_ValueError, "there is no such family or box");
        return NULL;
    }
    voxels = size[0] * size[1] * size[2];
    Argument arguments[] = {
        {levels, {0}, "levels", voxels * 4, 0},
        {values, {0}, "values", voxels * 8, 0},
        {at, {0}, "at", n * 8, 0},
        {out, {0}, "out", n * COLUMNS[family] * 8, 1},
    };
    int count = (int)(sizeof arguments / sizeof *arguments);
    if (!take(arguments, count))
        return NULL;
    const int32_t *level = arguments[0].view.buf;
    const double *value = arguments[1].view.buf;
    const int64_t *place = arguments[2].view.buf;
    double *result = arguments[3].view.buf;
    sound = are_sound(place, n, level, size);
    if (sound) {
        Py_BEGIN_ALLOW_THREADS
        lay_out(&plan, size[1], size[2]);
        for (Py_ssize_t v = 0; v < n; v++) {
            Kernel k;
            gather(&plan, level + place[v], value + place[v], &k);
            FEATURES[family](&plan, &k, result + v * COLUMNS[family]);
        }
        Py_END_ALLOW_THREADS
    }
    for (int i = 0; i < count; i++)
        PyBuffer_Release(&arguments[i].view);
    if (!sound) {
        PyErr_SetString(PyExc_ValueError, "a voxel lies outside the region or on the border of its box");
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"neighbourhoods", neighbourhoods, METH_VARARGS, neighbourhoods_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_maps", "Radiomic features of every voxel's neighbourhood.", 0, methods,
    NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__maps(void);

PyMODINIT_FUNC PyInit__maps(void)
{
    return PyModule_Create(&module);
}
