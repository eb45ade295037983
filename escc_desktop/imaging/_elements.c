/*
 * Where the elements of a DICOM file lie, for files as scanners write them: little endian, tags in ascending order,
 * known value representations. Whatever is otherwise is left to pydicom (None), so that odd files are judged by one
 * reader only. Runs in the sandbox child, on bytes nobody has checked: every read is inside the bytes, or bails out.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdint.h>
#include <string.h>

enum { MAX_DEPTH = 64, DEFERRED = 4096 };

static const uint32_t UNDEFINED = 0xFFFFFFFFu, PIXELS = 0x7FE00010u, CHARSET = 0x00080005u;
static const uint32_t ITEM = 0xFFFEE000u, ITEM_END = 0xFFFEE00Du, SEQUENCE_END = 0xFFFEE0DDu;

typedef struct {
    const unsigned char *at;     /* the first bytes of the file, or all */
    uint64_t held, size;         /* how many are held; how many the file has */
    Py_buffer nested, wanted; /* tags the dictionary calls sequences, tags to be kept: 4 bytes each, ascending */
    int depth; /* the deepest item of a sequence of undefined length so far */
} File;

typedef struct {
    uint32_t tag, length;
    char vr[2];
    uint64_t value;
} Element;

typedef enum { FOUND, END, ODD } Outcome;

static uint32_t u16(const unsigned char *p) { return p[0] | (uint32_t)p[1] << 8; }
static uint32_t u32(const unsigned char *p) { return u16(p) | u16(p + 2) << 16; }
static uint32_t tag_at(const unsigned char *p) { return u16(p) << 16 | u16(p + 2); }

static int holds(const File *f, uint64_t at, uint64_t n) { return at <= f->held && n <= f->held - at; }

static int is_one_of(const char *vr, const char *names)
{
    for (; *names; names += 2)
        if (vr[0] == names[0] && vr[1] == names[1])
            return 1;
    return 0;
}

static int is_among(const Py_buffer *tags, uint32_t tag)
{
    Py_ssize_t low = 0, high = tags->len / 4;
    while (low < high) {
        Py_ssize_t middle = (low + high) / 2;
        uint32_t other = tag_at((const unsigned char *)tags->buf + 4 * middle);
        if (other == tag)
            return 1;
        if (other < tag)
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}

/* Read tag, representation and length at a place. */
static Outcome element(const File *f, uint64_t at, int is_implicit, Element *e)
{
    if (f->size - at < 8)
        return END;
    if (!holds(f, at, 8))
        return ODD;
    const unsigned char *p = f->at + at;
    e->tag = tag_at(p);
    e->value = at + 8;
    e->vr[0] = e->vr[1] = 0;
    if (is_implicit) {
        e->length = u32(p + 4);
        return FOUND;
    }
    memcpy(e->vr, p + 4, 2);
    if (is_one_of(e->vr, "OBOWUNSQUTUCUROFODOLOVSVUV")) {
        if (!holds(f, at, 12))
            return ODD;
        e->length = u32(p + 8);
        e->value = at + 12;
        return FOUND;
    }
    e->length = u16(p + 6);
    return is_one_of(e->vr, "AEASATCSDADSDTFDFLISLOLTPNSHSLSSSTTMUIULUS") ? FOUND : ODD;
}

/* Whether an element of undefined length is a sequence; ODD where that is not certain. */
static Outcome nests(const File *f, const Element *e, int is_implicit)
{
    if (!is_implicit)
        return is_one_of(e->vr, "SQUN") ? FOUND : ODD;
    if (is_among(&f->nested, e->tag))
        return FOUND;
    int is_private = e->tag >> 16 & 1;
    return is_private && holds(f, e->value, 4) && tag_at(f->at + e->value) == ITEM ? FOUND : ODD;
}

static Outcome sequence(File *f, uint64_t *at, int is_implicit, int depth);

/* Go on behind a value. Inside items everything is read by pydicom, so a value that is cut off is odd there. */
static Outcome pass(File *f, const Element *e, uint64_t *at, int is_implicit, int depth)
{
    if (e->length == UNDEFINED) {
        *at = e->value;
        return nests(f, e, is_implicit) == FOUND ? sequence(f, at, is_implicit, depth) : ODD;
    }
    uint64_t room = f->size - e->value;
    if (e->length > room && (depth || e->length <= DEFERRED))
        return ODD;
    *at = e->length > room ? f->size : e->value + e->length;
    return FOUND;
}

/* An item with elements, to its end or its delimiter. */
static Outcome item(File *f, uint64_t *at, uint32_t length, int is_implicit, int depth)
{
    uint64_t start = *at;
    uint32_t last = 0;
    if (length != UNDEFINED && (f->size < start || length > f->size - start))
        return ODD;
    if (!is_implicit) { /* as pydicom: items in explicit files may be implicit */
        if (!holds(f, start, 6))
            return ODD;
        const unsigned char *vr = f->at + start + 4;
        is_implicit = !(vr[0] > 0x40 && vr[0] < 0x5B && vr[1] > 0x40 && vr[1] < 0x5B);
    }
    while (length == UNDEFINED || *at - start < length) {
        Element e;
        if (holds(f, *at, 8) && tag_at(f->at + *at) == ITEM_END) {
            *at += 8;
            return length == UNDEFINED ? FOUND : ODD;
        }
        if (element(f, *at, is_implicit, &e) != FOUND || e.tag <= last || e.tag == CHARSET)
            return ODD;
        last = e.tag;
        if (pass(f, &e, at, is_implicit, depth) != FOUND)
            return ODD;
    }
    return *at - start == length ? FOUND : ODD;
}

static Outcome sequence(File *f, uint64_t *at, int is_implicit, int depth)
{
    if (depth == MAX_DEPTH)
        return ODD;
    for (;;) {
        if (!holds(f, *at, 8))
            return ODD;
        uint32_t tag = tag_at(f->at + *at), length = u32(f->at + *at + 4);
        *at += 8;
        if (tag == SEQUENCE_END)
            return FOUND;
        if (tag != ITEM)
            return ODD;
        if (f->depth <= depth)
            f->depth = depth + 1;
        if (item(f, at, length, is_implicit, depth + 1) != FOUND)
            return ODD;
    }
}

/* Go on behind encapsulated pixels: items of known length up to the delimiter. */
static Outcome fragments(const File *f, uint64_t *at)
{
    for (;;) {
        if (!holds(f, *at, 8))
            return ODD;
        uint32_t tag = tag_at(f->at + *at), length = u32(f->at + *at + 4);
        *at += 8;
        if (tag == SEQUENCE_END)
            return FOUND;
        if (tag != ITEM || length == UNDEFINED)
            return ODD;
        *at += length;
    }
}

/* Keep a short value that is held as bytes, any other, and pixels, as (place, length). */
static int keep(const File *f, PyObject *found, const Element *e)
{
    int is_short = e->tag != PIXELS && e->length <= DEFERRED && holds(f, e->value, e->length);
    PyObject *tag = PyLong_FromUnsignedLong(e->tag);
    PyObject *what = is_short ? PyBytes_FromStringAndSize((const char *)f->at + e->value, (Py_ssize_t)e->length)
                              : Py_BuildValue("(KK)", (unsigned long long)e->value, (unsigned long long)e->length);
    int is_kept = tag && what && PyDict_SetItem(found, tag, what) == 0;
    Py_XDECREF(tag);
    Py_XDECREF(what);
    return is_kept;
}

/* Keep all elements from a place on, or those of one group only; return ODD also where Python has an error. */
static Outcome walk(File *f, uint64_t *at, int is_implicit, int group, PyObject *found)
{
    uint32_t last = 0;
    for (;;) {
        Element e;
        Outcome outcome = element(f, *at, is_implicit, &e);
        if (outcome == END)
            return END;
        if (group >= 0 && holds(f, *at, 4) && tag_at(f->at + *at) >> 16 != (uint32_t)group)
            return END;
        if (outcome == ODD || e.tag <= last || e.tag >= ITEM)
            return ODD;
        last = e.tag;
        if (is_among(&f->wanted, e.tag) && !keep(f, found, &e))
            return ODD;
        if (e.tag == PIXELS && e.length == UNDEFINED) {
            *at = e.value;
            outcome = fragments(f, at);
        } else {
            outcome = pass(f, &e, at, is_implicit, 0);
        }
        if (outcome != FOUND)
            return ODD;
    }
}

PyDoc_STRVAR(elements_doc,
             "elements(held, size, start, is_implicit, group, wanted, nested)\n--\n\n"
             "Return ({tag: value}, end, depth) of the wanted elements of a file from a place on, or None if it is odd\n"
             "or more of it is needed; a value that is long or not held, and pixels, are (place, length). `held` are its first bytes, `size` is how many it has; only elements\n"
             "of `group` are passed unless it is -1; `wanted`, and `nested` (those of sequences), are tags, 4 bytes\n"
             "each, ascending.");

static PyObject *elements(PyObject *module, PyObject *args)
{
    File f = {0};
    Py_buffer held;
    Py_ssize_t size, start;
    int is_implicit, group;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*nnpiy*y*", &held, &size, &start, &is_implicit, &group, &f.wanted, &f.nested))
        return NULL;
    f.at = held.buf;
    f.held = (uint64_t)held.len;
    f.size = (uint64_t)size;
    PyObject *found = PyDict_New(), *answer = NULL;
    if (found && size >= held.len && start >= 0 && start <= size) {
        uint64_t at = (uint64_t)start;
        if (walk(&f, &at, is_implicit, group, found) == END)
            answer = Py_BuildValue("(OKi)", found, (unsigned long long)at, f.depth);
    }
    Py_XDECREF(found);
    PyBuffer_Release(&held);
    PyBuffer_Release(&f.wanted);
    PyBuffer_Release(&f.nested);
    if (!answer && !PyErr_Occurred())
        Py_RETURN_NONE;
    return answer;
}

static PyMethodDef methods[] = {{"elements", elements, METH_VARARGS, elements_doc}, {NULL, NULL, 0, NULL}};

static struct PyModuleDef module = {.m_base = PyModuleDef_HEAD_INIT,
                                    .m_name = "_elements",
                                    .m_doc = "Where the elements of a DICOM file lie.",
                                    .m_size = -1,
                                    .m_methods = methods};

PyMODINIT_FUNC PyInit__elements(void) { return PyModule_Create(&module); }
