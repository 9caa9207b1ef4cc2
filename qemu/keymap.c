/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/keymap.h"

#include <linux/input-event-codes.h>

static const struct {
    char plain, shifted;
    unsigned key;
} characters[] = {
    {'1', '!', KEY_1},           {'2', '@', KEY_2},          {'3', '#', KEY_3},
    {'4', '$', KEY_4},           {'5', '%', KEY_5},          {'6', '^', KEY_6},
    {'7', '&', KEY_7},           {'8', '*', KEY_8},          {'9', '(', KEY_9},
    {'0', ')', KEY_0},           {'-', '_', KEY_MINUS},      {'=', '+', KEY_EQUAL},
    {'[', '{', KEY_LEFTBRACE},   {']', '}', KEY_RIGHTBRACE}, {';', ':', KEY_SEMICOLON},
    {'\'', '"', KEY_APOSTROPHE}, {'`', '~', KEY_GRAVE},      {'\\', '|', KEY_BACKSLASH},
    {',', '<', KEY_COMMA},       {'.', '>', KEY_DOT},        {'/', '?', KEY_SLASH},
    {' ', '\0', KEY_SPACE},      {'\n', '\0', KEY_ENTER},    {'\t', '\0', KEY_TAB},
    {'a', 'A', KEY_A},           {'b', 'B', KEY_B},          {'c', 'C', KEY_C},
    {'d', 'D', KEY_D},           {'e', 'E', KEY_E},          {'f', 'F', KEY_F},
    {'g', 'G', KEY_G},           {'h', 'H', KEY_H},          {'i', 'I', KEY_I},
    {'j', 'J', KEY_J},           {'k', 'K', KEY_K},          {'l', 'L', KEY_L},
    {'m', 'M', KEY_M},           {'n', 'N', KEY_N},          {'o', 'O', KEY_O},
    {'p', 'P', KEY_P},           {'q', 'Q', KEY_Q},          {'r', 'R', KEY_R},
    {'s', 'S', KEY_S},           {'t', 'T', KEY_T},          {'u', 'U', KEY_U},
    {'v', 'V', KEY_V},           {'w', 'W', KEY_W},          {'x', 'X', KEY_X},
    {'y', 'Y', KEY_Y},           {'z', 'Z', KEY_Z},
};

/* As in Packer; "command" and "option" are what a Mac calls them. */
static const struct {
    const char *name;
    unsigned key;
} names[] = {
    {"bs", KEY_BACKSPACE},
    {"del", KEY_DELETE},
    {"enter", KEY_ENTER},
    {"return", KEY_ENTER},
    {"esc", KEY_ESC},
    {"tab", KEY_TAB},
    {"spacebar", KEY_SPACE},
    {"insert", KEY_INSERT},
    {"home", KEY_HOME},
    {"end", KEY_END},
    {"pageUp", KEY_PAGEUP},
    {"pageDown", KEY_PAGEDOWN},
    {"menu", KEY_COMPOSE},
    {"up", KEY_UP},
    {"down", KEY_DOWN},
    {"left", KEY_LEFT},
    {"right", KEY_RIGHT},
    {"f1", KEY_F1},
    {"f2", KEY_F2},
    {"f3", KEY_F3},
    {"f4", KEY_F4},
    {"f5", KEY_F5},
    {"f6", KEY_F6},
    {"f7", KEY_F7},
    {"f8", KEY_F8},
    {"f9", KEY_F9},
    {"f10", KEY_F10},
    {"f11", KEY_F11},
    {"f12", KEY_F12},
    {"leftShift", KEY_LEFTSHIFT},
    {"rightShift", KEY_RIGHTSHIFT},
    {"leftCtrl", KEY_LEFTCTRL},
    {"rightCtrl", KEY_RIGHTCTRL},
    {"leftAlt", KEY_LEFTALT},
    {"rightAlt", KEY_RIGHTALT},
    {"leftSuper", KEY_LEFTMETA},
    {"rightSuper", KEY_RIGHTMETA},
    {"leftCommand", KEY_LEFTALT},
    {"rightCommand", KEY_RIGHTALT},
    {"leftOption", KEY_LEFTMETA},
    {"rightOption", KEY_RIGHTMETA},
};

bool keymap_char(char c, unsigned *key, bool *shift)
{
    for (size_t i = 0; c != '\0' && i < ARRAY_SIZE(characters); i++)
        if (c == characters[i].plain || c == characters[i].shifted) {
            *key = characters[i].key;
            *shift = c == characters[i].shifted;
            return true;
        }
    return false;
}

bool keymap_name(str name, unsigned *key)
{
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (str_eq_nocase(name, str_from(names[i].name))) {
            *key = names[i].key;
            return true;
        }
    return false;
}

const char *keymap_name_at(size_t i)
{
    return i < ARRAY_SIZE(names) ? names[i].name : NULL;
}
